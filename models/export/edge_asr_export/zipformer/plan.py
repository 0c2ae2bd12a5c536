"""The sizes of a network to be built, and the metadata that tells a runtime of them."""

from dataclasses import dataclass, replace
from typing import Self

_EDGE_FRAMES = 13  # 7 that the front end's convolutions take, and 3 of right context after halving


@dataclass(frozen=True)
class Plan:
    """A zipformer of `len(dims)` stacks. Counted in frames of 10 ms: `shift_frames`; at half that rate: `left_context`.

    All sizes of a stack are a tuple with one entry for each stack; `downsampling` comes after the halving in front.
    """

    dims: tuple[int, ...] = (32, 48, 32)
    layers: tuple[int, ...] = (1, 2, 1)
    downsampling: tuple[int, ...] = (1, 2, 4)
    heads: tuple[int, ...] = (2, 4, 2)
    query_head_dims: tuple[int, ...] = (8, 8, 8)
    value_head_dims: tuple[int, ...] = (4, 4, 4)
    feedforward_dims: tuple[int, ...] = (48, 64, 48)
    kernels: tuple[int, ...] = (15, 9, 7)
    shift_frames: int = 32
    left_context: int = 64
    vocabulary: int = 60
    context_size: int = 2
    joiner_dim: int = 40
    seed: int = 1

    @classmethod
    def usual_small(cls, vocabulary: int = 500) -> Self:
        """Sizes of the small networks that people run on small computers: about 20 million weights."""
        return cls(
            dims=(192, 256, 256, 256, 256, 256),
            layers=(2, 2, 2, 2, 2, 2),
            downsampling=(1, 2, 4, 8, 4, 2),
            heads=(4, 4, 4, 8, 4, 4),
            query_head_dims=(32,) * 6,
            value_head_dims=(12,) * 6,
            feedforward_dims=(512, 768, 768, 768, 768, 768),
            kernels=(31, 31, 15, 15, 15, 31),
            left_context=128,
            vocabulary=vocabulary,
            joiner_dim=512,
        )

    def with_vocabulary(self, vocabulary: int) -> "Plan":
        """The same network for another count of tokens."""
        return replace(self, vocabulary=vocabulary)

    @property
    def chunk_frames(self) -> int:
        """Frames that one run takes; all but `shift_frames` of them are given again to the next."""
        return self.shift_frames + _EDGE_FRAMES

    @property
    def steps(self) -> int:
        """Positions of one run inside the network, after the halving in front."""
        return self.shift_frames // 2

    def metadata(self) -> dict[str, str]:
        """What the runtime reads from the network's file."""
        lists = {
            "num_encoder_layers": self.layers,
            "encoder_dims": self.dims,
            "query_head_dims": self.query_head_dims,
            "value_head_dims": self.value_head_dims,
            "num_heads": self.heads,
            "cnn_module_kernels": self.kernels,
            "left_context_len": tuple(self.left_context // factor for factor in self.downsampling),
        }
        plain = {
            "model_type": "zipformer2",
            "version": "1",
            "model_author": "edge_asr",
            "decode_chunk_len": str(self.shift_frames),
            "T": str(self.chunk_frames),
        }
        return plain | {name: ",".join(map(str, values)) for name, values in lists.items()}
