"""The encoder: convolutions in front, stacks of layers at their own rates, one output for each 40 ms."""

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from edge_asr_export.zipformer.builder import Builder
from edge_asr_export.zipformer.layer import Layer, LayerPlan
from edge_asr_export.zipformer.plan import Plan
from edge_asr_export.zipformer.sound import MEL_BINS

_CHANNELS, _FREQUENCIES, _PAD = 128, 19, 3  # the layout fixes them
_INNER = 3 * _CHANNELS


@dataclass(frozen=True)
class Encoded:
    """Output of the encoder, float32 (outputs, dim)."""

    value: str
    outputs: int
    dim: int


class Encoder:
    """Adds an encoder with its states to a graph."""

    def __init__(self, builder: Builder, plan: Plan) -> None:
        self._b = builder
        self._plan = plan

    def add(self) -> tuple[Encoded, "States"]:
        """Take `x` and all states."""
        b, plan = self._b, self._plan
        features = b.take("x", ["N", plan.chunk_frames, MEL_BINS])
        states = States(b, plan)
        states.take()
        value = self._front(features, states)
        mask = self._mask(states.processed)
        pieces = []
        number = 0
        for stack, factor in enumerate(plan.downsampling):
            layer = states.layers[number]
            value = self._fit(value, plan.dims[stack - 1] if stack else layer.dim, layer.dim)
            inner = self._downsample(value, factor, layer.dim)
            stack_mask = b.part(mask, 0, 0) if factor == 1 else self._every(mask, factor)
            for _ in range(plan.layers[stack]):
                adder = Layer(b, states.layers[number])
                inner, after = adder.add(inner, states.of_layer(number), stack_mask)
                states.keep(number, after)
                number += 1
            whole = inner if factor == 1 else self._upsample(inner, factor, layer.dim)
            value = whole if factor == 1 else Layer(b, layer).bypass(value, whole)
            pieces.append(value)
        whole, dim = self._widest(pieces)
        return Encoded(self._downsample(whole, 2, dim), plan.steps // 2, dim), states

    def _front(self, features: str, states: "States") -> str:
        """Halve the rate: three convolutions and one wide one over time and frequency."""
        b, plan = self._b, self._plan
        value = b.node("Unsqueeze", features, b.constant(np.array([1])))
        for channels_in, channels, strides, pads in (
            (1, 8, [1, 1], [0, 1, 0, 1]),
            (8, 32, [2, 2], [0] * 4),
            (32, _CHANNELS, [1, 2], [0] * 4),
        ):
            weights = b.constant(b.draw(channels, channels_in, 3, 3, spread=(9 * channels_in) ** -0.5))
            value = b.swoosh_r(b.node("Conv", value, weights, strides=strides, pads=pads))
        whole = b.node("Concat", states.embed, value, axis=2)
        states.new_embed = b.part(whole, 2, plan.steps, plan.steps + _PAD)
        wide = b.constant(b.draw(_CHANNELS, 1, 7, 7, spread=1 / 7))
        folded = b.node("Conv", whole, wide, group=_CHANNELS, pads=[0, _PAD, 0, _PAD])
        up = b.constant(b.draw(_INNER, _CHANNELS, 1, 1, spread=_CHANNELS**-0.5))
        down = b.constant(b.draw(_CHANNELS, _INNER, 1, 1, spread=_INNER**-0.5))
        folded = b.node("Conv", b.swoosh_l(b.node("Conv", folded, up)), down)
        value = b.node("Add", folded, b.part(value, 2, 0, plan.steps))
        flat = b.reshape(b.node("Transpose", value, perm=[0, 2, 1, 3]), plan.steps, _CHANNELS * _FREQUENCIES)
        dense = b.linear(flat, _CHANNELS * _FREQUENCIES, plan.dims[0])
        return Layer(b, states.layers[0]).norm(dense)

    def _mask(self, processed: str) -> str:
        """Bool (left + steps,): true for places before the first sample."""
        b, plan = self._b, self._plan
        ages = b.constant(np.arange(plan.left_context, dtype=np.int64)[::-1])
        before = b.node("LessOrEqual", processed, ages)
        return b.node("Concat", before, b.constant(np.zeros(plan.steps, np.bool_)), axis=0)

    def _every(self, mask: str, factor: int) -> str:
        b = self._b
        bounds = [b.constant(np.array([bound], np.int64)) for bound in (0, np.iinfo(np.int64).max, 0, factor)]
        return b.node("Slice", mask, *bounds)

    def _fit(self, value: str, width: int, wanted: int) -> str:
        """More channels by zeros, fewer by cutting."""
        b = self._b
        if wanted <= width:
            return b.part(value, 1, 0, wanted) if wanted < width else value
        zeros = b.constant(np.zeros((self._plan.steps, wanted - width), np.float32))
        return b.node("Concat", value, zeros, axis=1)

    def _downsample(self, value: str, factor: int, dim: int) -> str:
        """Weighted mean of each `factor` frames."""
        if factor == 1:
            return value
        b = self._b
        shares = np.exp(b.draw(factor, 1, spread=0.3))
        weighted = b.node("Mul", b.reshape(value, -1, factor, dim), b.constant(shares / shares.sum()))
        return b.node("ReduceSum", weighted, b.constant(np.array([1])), keepdims=0)

    def _upsample(self, value: str, factor: int, dim: int) -> str:
        b = self._b
        frames = b.reshape(value, self._plan.steps // factor, 1, dim)
        repeated = b.node("Expand", frames, b.constant(np.array([self._plan.steps // factor, factor, dim])))
        return b.reshape(repeated, self._plan.steps, dim)

    def _widest(self, pieces: list[str]) -> tuple[str, int]:
        """The last stack's channels, and those beyond them of the latest stack that has them."""
        b, dims = self._b, self._plan.dims
        parts, dim = [pieces[-1]], dims[-1]
        for piece, width in zip(reversed(pieces), reversed(dims), strict=True):
            if width > dim:
                parts.append(b.part(piece, 1, dim, width))
                dim = width
        return (b.node("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]), dim


class States:
    """All that an encoder carries from run to run, under the layout's names."""

    def __init__(self, builder: Builder, plan: Plan) -> None:
        self._b = builder
        self._plan = plan
        self._embed_shape = (1, _CHANNELS, _PAD, _FREQUENCIES)
        self.layers = [
            LayerPlan(
                dim=plan.dims[stack],
                heads=plan.heads[stack],
                query_dim=plan.query_head_dims[stack],
                value_dim=plan.value_head_dims[stack],
                feedforward_dim=plan.feedforward_dims[stack],
                kernel=plan.kernels[stack],
                steps=plan.steps // factor,
                left=plan.left_context // factor,
            )
            for stack, factor in enumerate(plan.downsampling)
            for _ in range(plan.layers[stack])
        ]
        self._after: dict[str, tuple[str, tuple[int, ...]]] = {}
        self.embed = self.new_embed = self.processed = ""

    def take(self) -> None:
        """Make them inputs."""
        for number, layer in enumerate(self.layers):
            for name, shape in layer.state_shapes().items():
                self._b.take(f"{name}_{number}", _with_batch(name, shape))
        self.embed = self._b.take("embed_states", ["N", *self._embed_shape[1:]])
        self.processed = self._b.take("processed_lens", ["N"], TensorProto.INT64)

    def of_layer(self, number: int) -> dict[str, str]:
        """Inputs of a layer."""
        return {name: f"{name}_{number}" for name in self.layers[number].state_shapes()}

    def keep(self, number: int, after: dict[str, str]) -> None:
        """What a layer leaves for the next run."""
        for name, shape in self.layers[number].state_shapes().items():
            self._after[f"{name}_{number}"] = after[name], shape

    def give(self) -> None:
        """Make the new ones outputs."""
        for name, (value, shape) in self._after.items():
            self._b.give(value, f"new_{name}", _with_batch(name, shape))
        self._b.give(self.new_embed, "new_embed_states", ["N", *self._embed_shape[1:]])
        moved = self._b.node("Add", self.processed, self._b.constant(np.array([self._plan.steps], np.int64)))
        self._b.give(moved, "new_processed_lens", ["N"], TensorProto.INT64)


def _with_batch(name: str, shape: tuple[int, ...]) -> list[int | str]:
    """The axis of the batch has a name, as in published networks."""
    axis = 0 if name.startswith("cached_conv") else 1
    return [*shape[:axis], "N", *shape[axis + 1 :]]
