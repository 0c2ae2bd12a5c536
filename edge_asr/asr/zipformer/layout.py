"""Streaming zipformers as sherpa-onnx lays them out: sizes in the network's metadata, memory in named tensors."""

from collections.abc import Mapping

from edge_asr.asr.manifest import ZipformerEncoder
from edge_asr.errors import ModelError

KIND = "zipformer2"
FEATURES, PROCESSED, EMBED = "x", "processed_lens", "embed_states"
_LISTS = {  # of the manifest and of the metadata
    "layers": "num_encoder_layers",
    "dims": "encoder_dims",
    "query_head_dims": "query_head_dims",
    "value_head_dims": "value_head_dims",
    "heads": "num_heads",
    "kernels": "cnn_module_kernels",
    "left_contexts": "left_context_len",
}
_EMBED_CHANNELS, _EMBED_FRAMES = 128, 3
_MOST_FRAMES = 2000  # of a chunk: 20 s


def read_layout(metadata: Mapping[str, str], mel_bins: int) -> ZipformerEncoder:
    """Sizes of an encoder; raises ModelError that names the key at fault."""
    kind = metadata.get("model_type")
    if kind != KIND:
        raise ModelError(f"its metadata names the model type {kind!r}, expected {KIND!r}")
    if features := metadata.get("feature"):
        raise ModelError(f"it listens to {features!r} features, expected plain log mel energies")
    lists = {ours: _numbers(metadata, theirs) for ours, theirs in _LISTS.items()}
    stacks = len(lists["dims"])
    for ours, numbers in lists.items():
        if len(numbers) != stacks:
            raise ModelError(
                f"its metadata has {len(numbers)} {_LISTS[ours]} and {stacks} encoder_dims, expected equal"
            )
    chunk, shift = _number(metadata, "T"), _number(metadata, "decode_chunk_len")
    if not shift <= chunk <= _MOST_FRAMES:
        raise ModelError(f"its metadata says T={chunk} and decode_chunk_len={shift}, expected T from there to 2000")
    return ZipformerEncoder(mel_bins, chunk, shift, **lists)


def state_shapes(encoder: ZipformerEncoder) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor that the encoder carries on, by name, for one utterance; all float32 but PROCESSED."""
    shapes: dict[str, tuple[int, ...]] = {}
    number = 0
    for stack, layers in enumerate(encoder.layers):
        left, dim, heads = encoder.left_contexts[stack], encoder.dims[stack], encoder.heads[stack]
        keys, values = heads * encoder.query_head_dims[stack], heads * encoder.value_head_dims[stack]
        past = encoder.kernels[stack] // 2
        for _ in range(layers):
            shapes |= {
                f"cached_key_{number}": (left, 1, keys),
                f"cached_nonlin_attn_{number}": (1, 1, left, 3 * dim // 4),
                f"cached_val1_{number}": (left, 1, values),
                f"cached_val2_{number}": (left, 1, values),
                f"cached_conv1_{number}": (1, dim, past),
                f"cached_conv2_{number}": (1, dim, past),
            }
            number += 1
    bins = ((encoder.mel_bins - 1) // 2 - 1) // 2
    return shapes | {EMBED: (1, _EMBED_CHANNELS, _EMBED_FRAMES, bins), PROCESSED: (1,)}


def successor(name: str) -> str:
    """Output that holds what is to be given as the input `name` next time."""
    return f"new_{name}"


def _number(metadata: Mapping[str, str], key: str) -> int:
    numbers = _numbers(metadata, key)
    if len(numbers) != 1:
        raise ModelError(f"its metadata says {key}={metadata[key][:40]!r}, expected one number")
    return numbers[0]


def _numbers(metadata: Mapping[str, str], key: str) -> tuple[int, ...]:
    text = metadata.get(key)
    if text is None:
        raise ModelError(f"its metadata has no {key}")
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or min(numbers) < 1:
        raise ModelError(f"its metadata says {key}={text[:40]!r}, expected whole numbers above 0 with commas between")
    return numbers
