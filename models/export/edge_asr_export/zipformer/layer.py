"""One layer of a zipformer, for a chunk of frames and what it remembers of those before.

Inside a network of batch one every value is float32 (steps, dim). Structure: Yao et al., "Zipformer", 2023.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_asr_export.zipformer.builder import Builder

_POSITION_DIM, _POSITION_HEAD_DIM = 48, 4


@dataclass(frozen=True)
class LayerPlan:
    """Sizes of a layer: `steps` positions in a chunk, `left` before it."""

    dim: int
    heads: int
    query_dim: int
    value_dim: int
    feedforward_dim: int
    kernel: int
    steps: int
    left: int

    @property
    def nonlinear_dim(self) -> int:
        """Width of the attention that is gated."""
        return 3 * self.dim // 4

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """What the layer carries from chunk to chunk, in the order of the layout."""
        keys, values = self.heads * self.query_dim, self.heads * self.value_dim
        return {
            "cached_key": (self.left, 1, keys),
            "cached_nonlin_attn": (1, 1, self.left, self.nonlinear_dim),
            "cached_val1": (self.left, 1, values),
            "cached_val2": (self.left, 1, values),
            "cached_conv1": (1, self.dim, self.kernel // 2),
            "cached_conv2": (1, self.dim, self.kernel // 2),
        }


class Layer:
    """Adds the nodes of one layer to a graph."""

    def __init__(self, builder: Builder, plan: LayerPlan) -> None:
        self._b = builder
        self._plan = plan

    def add(self, source: str, states: dict[str, str], mask: str) -> tuple[str, dict[str, str]]:
        """`states` by their names in `state_shapes`; `mask` bool (left + steps,), true where there is no past yet."""
        b, after = self._b, {}
        weights, after["cached_key"] = self._attention(source, states["cached_key"], mask)
        value = b.node("Add", source, self._feedforward(source))
        gated, after["cached_nonlin_attn"] = self._nonlinear(value, states["cached_nonlin_attn"], weights)
        value = b.node("Add", value, gated)
        for number in ("1", "2"):
            heard, after["cached_val" + number] = self._self_attention(value, states["cached_val" + number], weights)
            value = b.node("Add", value, heard)
            folded, after["cached_conv" + number] = self._convolution(value, states["cached_conv" + number])
            value = b.node("Add", value, folded)
            value = b.node("Add", value, self._feedforward(value))
            if number == "1":
                value = self.bypass(source, value)
        return self.bypass(source, self.norm(value)), {name: after[name] for name in self._plan.state_shapes()}

    def norm(self, value: str) -> str:
        """Scale every frame to the same size, after taking a bias off."""
        b = self._b
        off = b.node("Sub", value, b.constant(b.draw(self._plan.dim, spread=0.1)))
        size = b.node("Sqrt", b.node("ReduceMean", b.node("Mul", off, off), axes=[-1], keepdims=1))
        return b.node("Div", value, size)

    def bypass(self, before: str, after: str) -> str:
        """A share of what a module changed, for each channel."""
        b = self._b
        share = b.constant(np.clip(b.draw(self._plan.dim, spread=0.2) + 0.6, 0.2, 1.0))
        return b.node("Add", before, b.node("Mul", b.node("Sub", after, before), share))

    def _feedforward(self, value: str) -> str:
        plan, b = self._plan, self._b
        wide = b.swoosh_l(b.linear(value, plan.dim, plan.feedforward_dim))
        return b.linear(wide, plan.feedforward_dim, plan.dim)

    def _remember(self, value: str, state: str, width: int) -> tuple[str, str]:
        """The past and the chunk, (left + steps, width), and the next chunk's past."""
        plan, b = self._plan, self._b
        whole = b.node("Concat", b.reshape(state, plan.left, width), value, axis=0)
        return whole, b.part(whole, 0, plan.steps)

    def _by_head(self, value: str, length: int, width: int, order: tuple[int, int, int]) -> str:
        b = self._b
        return b.node("Transpose", b.reshape(value, length, self._plan.heads, width), perm=list(order))

    def _attention(self, value: str, state: str, mask: str) -> tuple[str, str]:
        """Weights float32 (heads, steps, left + steps), shared by all attentions of the layer."""
        plan, b = self._plan, self._b
        keys, positions = plan.heads * plan.query_dim, plan.heads * _POSITION_HEAD_DIM
        both = b.linear(value, plan.dim, 2 * keys + positions)
        past, after = self._remember(b.part(both, 1, keys, 2 * keys), state, keys)
        length = plan.left + plan.steps
        query = self._by_head(b.part(both, 1, 0, keys), plan.steps, plan.query_dim, (1, 0, 2))
        key = self._by_head(past, length, plan.query_dim, (1, 2, 0))
        place = self._by_head(b.part(both, 1, 2 * keys), plan.steps, _POSITION_HEAD_DIM, (1, 0, 2))
        scores = b.node("Add", b.node("MatMul", query, key), self._by_distance(place))
        unheard = b.constant(np.array(-1000.0, np.float32))
        scores = b.node("Where", mask, unheard, scores)
        return b.node("Softmax", scores, axis=-1), b.reshape(after, plan.left, 1, keys)

    def _by_distance(self, place: str) -> str:
        """Scores by how far apart two positions are: row i of the table begins one place further left than i - 1."""
        plan, b = self._plan, self._b
        distances = plan.left + 2 * plan.steps - 1
        table = b.constant(self._distance_table(distances))
        flat = b.reshape(b.node("MatMul", place, table), plan.heads, plan.steps * distances)
        first = plan.steps - 1
        shifted = b.part(flat, 1, first, first + plan.steps * (distances - 1))
        rows = b.reshape(shifted, plan.heads, plan.steps, distances - 1)
        return b.part(rows, 2, 0, plan.left + plan.steps)

    def _distance_table(self, distances: int) -> NDArray[np.float32]:
        """Float32 (heads, position head dim, distances)."""
        distance = np.arange(distances) - (self._plan.left + self._plan.steps - 1)
        bent = np.sign(distance) * np.log1p(np.abs(distance))
        waves = np.outer(bent, np.arange(1, _POSITION_DIM // 2 + 1) * 0.5)
        embedding = np.concatenate([np.cos(waves), np.sin(waves)], axis=1).astype(np.float32)
        width = self._plan.heads * _POSITION_HEAD_DIM
        table = embedding @ self._b.draw(_POSITION_DIM, width, spread=_POSITION_DIM**-0.5)
        return table.reshape(distances, self._plan.heads, _POSITION_HEAD_DIM).transpose(1, 2, 0)

    def _nonlinear(self, value: str, state: str, weights: str) -> tuple[str, str]:
        plan, b = self._plan, self._b
        width = plan.nonlinear_dim
        three = b.linear(value, plan.dim, 3 * width)
        gate, inner, outer = (b.part(three, 1, width * number, width * (number + 1)) for number in range(3))
        whole, after = self._remember(b.node("Mul", inner, b.node("Tanh", gate)), state, width)
        first_head = b.reshape(b.part(weights, 0, 0, 1), plan.steps, plan.left + plan.steps)
        heard = b.node("Mul", b.node("MatMul", first_head, whole), outer)
        return b.linear(heard, width, plan.dim), b.reshape(after, 1, 1, plan.left, width)

    def _self_attention(self, value: str, state: str, weights: str) -> tuple[str, str]:
        plan, b = self._plan, self._b
        width = plan.heads * plan.value_dim
        whole, after = self._remember(b.linear(value, plan.dim, width), state, width)
        heard = b.node("MatMul", weights, self._by_head(whole, plan.left + plan.steps, plan.value_dim, (1, 0, 2)))
        together = b.reshape(b.node("Transpose", heard, perm=[1, 0, 2]), plan.steps, width)
        return b.linear(together, width, plan.dim), b.reshape(after, plan.left, 1, width)

    def _convolution(self, value: str, state: str) -> tuple[str, str]:
        """Depthwise: one part looks back over the chunk's edge, one both ways inside the chunk."""
        plan, b = self._plan, self._b
        both = b.linear(value, plan.dim, 2 * plan.dim)
        gate = b.node("Sigmoid", b.part(both, 1, plan.dim))
        gated = b.node("Mul", b.part(both, 1, 0, plan.dim), gate)
        chunk = b.reshape(b.node("Transpose", gated, perm=[1, 0]), 1, plan.dim, plan.steps)
        past = plan.kernel // 2
        whole = b.node("Concat", state, chunk, axis=2)
        after = b.part(whole, 2, plan.steps)
        causal = b.constant(b.draw(plan.dim, 1, past + 1, spread=(past + 1) ** -0.5))
        inside = b.constant(b.draw(plan.dim, 1, plan.kernel, spread=plan.kernel**-0.5))
        edges = b.constant(1.0 + b.draw(plan.dim, plan.steps, spread=0.1))
        seen = b.node("Conv", chunk, inside, group=plan.dim, pads=[past, past])
        folded = b.node("Add", b.node("Conv", whole, causal, group=plan.dim), b.node("Mul", seen, edges))
        frames = b.node("Transpose", b.reshape(folded, plan.dim, plan.steps), perm=[1, 0])
        return b.linear(b.swoosh_r(frames), plan.dim, plan.dim), after
