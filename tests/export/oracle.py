"""nnet3 computed by its definition: one node at one frame at a time, in double precision, with no tensors in time."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_asr_export.descriptor import Descriptor
from edge_asr_export.nnet3 import Component, Nnet3

Row = NDArray[np.float64]


def outputs(net: Nnet3, frames: NDArray[Any], ivector: NDArray[Any], times: range) -> Row:
    """Rows of the node `output` at `times`; a frame that the network looks at must be among `frames`."""

    @cache
    def node(name: str, time: int) -> Row:
        if name == "input":
            if not 0 <= time < len(frames):
                raise AssertionError(f"frame {time} is outside of the context")
            return np.asarray(frames[time], np.float64)
        found = net.nodes[name]
        if found.component is None:
            return value(found.source, time)
        component = net.components[found.component]
        offsets = component.integers.get("TimeOffsets", [0])
        return layer(component, np.concatenate([value(found.source, time + offset) for offset in offsets]))

    def value(descriptor: Descriptor, time: int) -> Row:
        name, parts, amount = descriptor.name, descriptor.parts, descriptor.amount
        if not parts:
            return node(name, time)
        if name == "ReplaceIndex":
            return np.asarray(ivector[0], np.float64)
        rows = [value(part, time + int(amount) if name == "Offset" else time) for part in parts]
        if name == "Scale":
            return amount * rows[0]
        return np.concatenate(rows) if name == "Append" else np.sum(rows, axis=0)

    return np.stack([value(net.outputs["output"], time) for time in times])


def layer(component: Component, row: Row) -> Row:
    """One component on one row."""
    arrays = component.arrays
    if component.kind == "RectifiedLinearComponent":
        return np.maximum(row, 0.0)
    if component.kind == "BatchNormComponent":
        blocks = row.reshape(-1, len(arrays["StatsMean"]))
        deviation = np.sqrt(arrays["StatsVar"].astype(np.float64) + component.real("Epsilon"))
        normal: Row = ((blocks - arrays["StatsMean"]) / deviation * component.real("TargetRms")).ravel()
        return normal
    if "Params" in arrays:
        return np.asarray(arrays["Params"] @ row)
    if "LinearParams" in arrays:
        product = arrays["LinearParams"].astype(np.float64) @ row
        return np.asarray(product + arrays["BiasParams"] if arrays["BiasParams"].size else product)
    return row
