"""Nodes and weights of an ONNX model while it is written, and tensors that are meant with a scale and an offset.

Normalizations and fixed factors are not computed: they go along with a tensor as a scale and an offset, until weights
take them in. What is added to a scaled tensor gets the inverse of its scale into its own weights, through the
rectifier, which commutes with positive factors. That halves the operations of a network whose products are small.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Row = NDArray[np.float64]  # a number, or one for each column


@dataclass(frozen=True)
class Frames:
    """A tensor of frames: see the head of this file. Its values are meant as `scale * tensor + offset`."""

    tensor: str
    width: int
    left: int
    right: int
    step: int
    scale: Row = field(default_factory=lambda: np.ones(()))
    offset: Row = field(default_factory=lambda: np.zeros(()))

    def scaled(self, scale: Row, offset: Row | None = None) -> "Frames":
        """The same, times `scale` plus `offset`."""
        added = np.zeros(()) if offset is None else offset
        return replace(self, scale=self.scale * scale, offset=self.offset * scale + added)


class ScaledTensors:
    """One model."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._weights: list[Any] = []
        self._pliable: dict[str, list[int]] = {}  # tensors not used yet, and the weights that they are proportional to
        self._grown: dict[str, Row] = {}  # by what their weights were multiplied since; Frames do not know of it

    def _now(self, frames: Frames) -> Frames:
        """The same values with the scale that the tensor has by now, whoever has changed its weights meanwhile."""
        return replace(frames, scale=frames.scale / self._grown.get(frames.tensor, np.ones(())))

    def _bent(self, frames: Frames, scale: Row) -> Frames:
        """The same values with another scale: by other weights where that can be, else computed."""
        factor = self._now(frames).scale / scale
        if (factor == 1.0).all():
            return frames
        if frames.tensor in self._pliable and (factor > 0.0).all():
            for number in self._pliable[frames.tensor]:
                self._weights[number] = numpy_helper.from_array(
                    (numpy_helper.to_array(self._weights[number]) * factor).astype(np.float32),
                    self._weights[number].name,
                )
            self._grown[frames.tensor] = self._grown.get(frames.tensor, np.ones(())) * factor
            return replace(frames, scale=scale * self._grown[frames.tensor])
        return replace(frames, tensor=self._op("Mul", frames.tensor, self._weight(factor)), scale=scale)

    def _plain(self, frames: Frames) -> Frames:
        """The same values without scale and offset."""
        bent = self._bent(frames, np.ones(()))
        if not bent.offset.any():
            return replace(bent, offset=np.zeros(()))
        moved = self._op("Add", bent.tensor, self._weight(bent.offset))
        return replace(self._now(bent), tensor=moved, offset=np.zeros(()))

    def _op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{kind.lower()}_{len(self._nodes)}"
        for used in inputs:
            self._pliable.pop(used, None)
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def _weight(self, values: Any) -> str:
        return self._initializer(np.ascontiguousarray(values, np.float32))

    def _index(self, value: int) -> str:
        return self._initializer(np.array([value], np.int64))

    def _initializer(self, array: Any) -> str:
        name = f"weight_{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(array, name))
        return name
