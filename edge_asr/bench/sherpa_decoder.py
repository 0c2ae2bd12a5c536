"""sherpa-onnx as a child of the measurement: `python -m edge_asr.bench.sherpa_decoder OPTIONS-AS-JSON`.

The same networks and tokens as ours, one thread, the search that is configured; all else is its default, and but for
its "live" it looks for no endpoints. It takes 20 ms at a time, as ours does, and after the file the silence that ours
decodes there too, so the tokens can be compared one by one. Only this file imports sherpa-onnx: it brings an
onnxruntime of its own.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.manifest import ZipformerManifest, ZipformerTransducerManifest
from edge_asr.audio.resample import BlockResampler
from edge_asr.bench.decoder_loop import Decode, Said, serve

_BLOCK_MS = 20
_FRAME_MS = 10
FULL_SCALE = np.float32(32768.0)
_FAMILY = "zipformer2"


class SherpaOptions(msgspec.Struct, frozen=True):
    """Files and search of one bundle. `files`: by the names that sherpa-onnx has for them."""

    files: dict[str, str]
    sample_rate_hz: int
    mel_bins: int
    chunk_frames: int
    paths: int  # of the search through a transducer's tokens

    @property
    def is_ctc(self) -> bool:
        """Whether there is one network alone."""
        return "model" in self.files


def options_of(bundle: Bundle[ZipformerManifest], paths: int) -> SherpaOptions:
    """What sherpa-onnx is to load and how it is to search."""
    manifest = bundle.manifest
    names = {"model": "network", "tokens": "tokens"}
    if isinstance(manifest, ZipformerTransducerManifest):
        names = {role: role for role in manifest.ROLES}
    files = {name: str(bundle.path(role).resolve()) for name, role in names.items()}
    sizes = manifest.encoder
    return SherpaOptions(files, manifest.sample_rate_hz, sizes.mel_bins, sizes.chunk_frames, paths)


def decoders(options: SherpaOptions) -> Mapping[str, Decode]:
    """Decoders by name."""
    recognizer = load_recognizer(options)
    return {
        "sherpa-onnx": lambda pcm, rate_hz: _decode(recognizer, options, pcm, rate_hz),
        "sherpa-onnx, live": lambda pcm, rate_hz: _live(recognizer, options, pcm, rate_hz),
    }


def load_recognizer(options: SherpaOptions) -> Any:
    """Its OnlineRecognizer, which looks for endpoints when it is asked for them."""
    import sherpa_onnx  # noqa: PLC0415 - an extra, loaded late so that this file can be read without it

    given: dict[str, Any] = {**options.files, "enable_endpoint_detection": True}
    given |= {"num_threads": 1, "sample_rate": options.sample_rate_hz, "feature_dim": options.mel_bins}
    if options.is_ctc:
        return sherpa_onnx.OnlineRecognizer.from_zipformer2_ctc(**given)
    if options.paths > 1:
        given |= {"decoding_method": "modified_beam_search", "max_active_paths": options.paths}
    return sherpa_onnx.OnlineRecognizer.from_transducer(**given, model_type=_FAMILY)


def _decode(recognizer: Any, options: SherpaOptions, pcm: bytes, rate_hz: int) -> Said:
    stream = recognizer.create_stream()
    for block in _blocks(options, pcm, rate_hz):
        _hear(recognizer, stream, options.sample_rate_hz, block)
    _end(recognizer, stream, options)
    result = recognizer.get_result_all(stream)
    return Said(result.text, tuple(result.tokens))


def _live(recognizer: Any, options: SherpaOptions, pcm: bytes, rate_hz: int) -> Said:
    """With its endpoints, as at a microphone."""
    stream = recognizer.create_stream()
    texts: list[str] = []
    for block in _blocks(options, pcm, rate_hz):
        _hear(recognizer, stream, options.sample_rate_hz, block)
        if recognizer.is_endpoint(stream):
            texts.append(recognizer.get_result(stream).strip())
            recognizer.reset(stream)
    _end(recognizer, stream, options)
    texts.append(recognizer.get_result(stream).strip())
    return Said(" ".join(text for text in texts if text))


def _blocks(options: SherpaOptions, pcm: bytes, rate_hz: int) -> Iterator[NDArray[np.int16]]:
    own_hz = options.sample_rate_hz
    resampler = BlockResampler(rate_hz, own_hz, own_hz * _BLOCK_MS // 1000)
    yield from resampler.step(np.frombuffer(pcm, "<i2").astype(np.int16))
    yield from resampler.finish()


def _end(recognizer: Any, stream: Any, options: SherpaOptions) -> None:
    silence = np.zeros(options.chunk_frames * _FRAME_MS * options.sample_rate_hz // 1000, np.float32)
    stream.accept_waveform(options.sample_rate_hz, silence)
    stream.input_finished()
    _advance(recognizer, stream)


def _hear(recognizer: Any, stream: Any, rate_hz: int, block: NDArray[np.int16]) -> None:
    stream.accept_waveform(rate_hz, block / FULL_SCALE)
    _advance(recognizer, stream)


def _advance(recognizer: Any, stream: Any) -> None:
    moved = False
    while recognizer.is_ready(stream):
        recognizer.decode_stream(stream)
        moved = True
    if moved:
        recognizer.get_result(stream)  # what a listener would be shown, as in its examples; ours makes it too


if __name__ == "__main__":
    serve(lambda: decoders(msgspec.json.decode(sys.argv[1], type=SherpaOptions)))
