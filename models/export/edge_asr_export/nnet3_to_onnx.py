"""nnet3 to ONNX: a network of valid convolutions in time, so that fixed chunks with overlap equal the whole run.

A tensor holds frames as rows. Its first row lies `left` frames after the first input frame, its last one `right`
frames before the last, and rows are `step` frames apart. Nodes that are needed only at the output's rate are computed
only there; `step_plan` finds which. Where parts with different edges meet, they are cut to the rows that all have.

Normalizations and fixed factors go into the weights beside them: `scaled_tensors` tells how.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from edge_asr.errors import ModelError
from edge_asr_export.descriptor import Descriptor
from edge_asr_export.nnet3 import Component, Nnet3
from edge_asr_export.scaled_tensors import Frames, ScaledTensors
from edge_asr_export.step_plan import plan, time_offsets

INPUT, IVECTOR, OUTPUT = "input", "ivector", "output"
STATE, NEXT = "state_", "next_"  # of a streaming network

_OPSET = 13
_IR_VERSION = 8
TO_THE_END = np.iinfo(np.int64).max
_UNCHANGED = {"NoOpComponent", "GeneralDropoutComponent", "DropoutComponent", "SpecAugmentTimeMaskComponent"}
_AFFINE = {"NaturalGradientAffineComponent", "FixedAffineComponent", "AffineComponent", "TdnnComponent"}


def convert(net: Nnet3, subsampling_factor: int) -> onnx.ModelProto:
    """Model with inputs `input` (T, cepstra) and `ivector` (1, dim), output `output` (N, pdfs), contexts as metadata.

    T holds the context frames; N = (T - left - right - 1) // subsampling_factor + 1. Log-softmax and objective of
    training are left out: the output is Kaldi's pseudo log-likelihood. ModelError where the network is not of the
    family.
    """
    return write(net, subsampling_factor, Writer)


def write(net: Nnet3, subsampling_factor: int, writer: "type[Writer]") -> onnx.ModelProto:
    """The model as that writer writes it, checked; raises ModelError."""
    if set(net.inputs) != {INPUT, IVECTOR} or OUTPUT not in net.outputs:
        raise ModelError(
            f"the network has inputs {sorted(net.inputs)} and outputs {sorted(net.outputs)}; "
            f"expected {INPUT}, {IVECTOR} and {OUTPUT}"
        )
    try:
        model = writer(net, subsampling_factor).model()
        onnx.checker.check_model(model)
    except KeyError as error:
        raise ModelError(f"the network lacks {error}: it is not of the TDNN-F family") from error
    except onnx.checker.ValidationError as error:
        raise ModelError(f"the converted network is not valid ONNX: {error}") from error
    return model


def set_context(model: onnx.ModelProto, net: Nnet3, subsampling_factor: int) -> None:
    """Write contexts and subsampling factor as the model's metadata, and nothing else."""
    del model.metadata_props[:]
    properties = {
        "left_context": str(net.left_context_frames),
        "right_context": str(net.right_context_frames),
        "frame_subsampling_factor": str(subsampling_factor),
    }
    helper.set_model_props(model, properties)


class Writer(ScaledTensors):
    """Nodes and weights of one model while it is written."""

    def __init__(self, net: Nnet3, subsampling_factor: int) -> None:
        super().__init__()
        self._net = net
        self._factor = subsampling_factor
        self._done: dict[tuple[str, int], Frames] = {(INPUT, 1): Frames(INPUT, net.inputs[INPUT], 0, 0, 1)}
        self._state_shapes: list[tuple[int, int]] = []

    def model(self) -> onnx.ModelProto:
        """Write all of it; raises ModelError, and KeyError where the network names what it lacks."""
        net, factor = self._net, self._factor
        needed = plan(net, net.outputs[OUTPUT], factor)
        for name in [INPUT, *net.nodes]:  # Kaldi writes nodes before those that use them
            for step in (1, factor):
                if (name, step) in needed:
                    self._done[name, step] = self._frames(name, step)
        last = self._value(net.outputs[OUTPUT], factor)
        if (last.left, last.right) != (net.left_context_frames, net.right_context_frames):
            raise ModelError(
                f"the network sees {last.left} frames back and {last.right} ahead, its file says "
                f"{net.left_context_frames} and {net.right_context_frames}"
            )
        self._nodes.append(helper.make_node("Identity", [self._plain(last).tensor], [OUTPUT]))
        real = TensorProto.FLOAT
        graph = helper.make_graph(
            self._nodes,
            "nnet3",
            [
                helper.make_tensor_value_info(INPUT, real, ["T", net.inputs[INPUT]]),
                helper.make_tensor_value_info(IVECTOR, real, [1, net.inputs[IVECTOR]]),
                *self._states(STATE),
            ],
            [helper.make_tensor_value_info(OUTPUT, real, ["N", last.width]), *self._states(NEXT)],
            self._weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], producer_name="edge_asr")
        model.ir_version = _IR_VERSION
        set_context(model, net, factor)
        return model

    def _states(self, name: str) -> list[Any]:
        return [
            helper.make_tensor_value_info(f"{name}{number}", TensorProto.FLOAT, shape)
            for number, shape in enumerate(self._state_shapes)
        ]

    def _frames(self, name: str, step: int) -> Frames:
        """Frames of a node at a step; thinned out where the node is computed at every frame already."""
        if (name, step) in self._done:
            return self._done[name, step]
        if (name, 1) in self._done:
            return self._thin(self._done[name, 1])
        node = self._net.nodes[name]
        if node.component is None:
            return self._value(node.source, step)
        component = self._net.components[node.component]
        shifted = [self._value(node.source, step, offset) for offset in time_offsets(component)]
        return self._apply(component, self._append(shifted), node.component)

    def _value(self, descriptor: Descriptor, step: int, offset: int = 0) -> Frames:
        """Frames of a descriptor at t + offset."""
        parts = descriptor.parts
        if not parts:
            frames = self._done[descriptor.name, step if offset % step == 0 else 1]
            shifted = replace(frames, left=frames.left - offset, right=frames.right + offset)
            return shifted if shifted.step == step else self._thin(shifted)
        if descriptor.name == "Offset":
            return self._value(parts[0], step, offset + int(descriptor.amount))
        if descriptor.name == "Scale":
            return self._value(parts[0], step, offset).scaled(np.asarray(float(descriptor.amount)))
        if descriptor.name == "Range":
            frames = self._value(parts[0], step, offset)
            if frames.width != descriptor.amount:
                raise ModelError(f"the network takes {descriptor.amount:g} of {frames.width} columns; expected all")
            return frames
        if descriptor.name == "Sum":
            return self._sum([self._value(part, step, offset) for part in parts])
        if descriptor.name == "Append":
            moving = iter(self._align([self._value(part, step, offset) for part in parts if not _fixed(part)]))
            return self._append([None if _fixed(part) else next(moving) for part in parts])
        raise ModelError(f"the network has {descriptor.name} outside of Append, which is not known")

    def _apply(self, component: Component, frames: Frames, name: str) -> Frames:
        if component.kind in _UNCHANGED:
            return frames
        if component.kind == "RectifiedLinearComponent":
            return self._relu(frames)
        if component.kind == "BatchNormComponent":
            return self._batch_norm(component, frames, name)
        if component.kind == "LinearComponent":
            return self._affine(component.arrays["Params"], None, frames, name)
        if component.kind in _AFFINE:
            return self._affine(component.arrays["LinearParams"], component.arrays["BiasParams"], frames, name)
        raise ModelError(f"{name} is a {component.kind}, which is not known: the network is not of the TDNN-F family")

    def _affine(self, weights: Any, bias: Any, frames: Frames, name: str) -> Frames:
        rows, columns = weights.shape
        if columns != frames.width:
            raise ModelError(f"{name} takes {columns} values and gets {frames.width}")
        weights = weights.astype(np.float64)
        scaled = weights * np.broadcast_to(self._now(frames).scale, columns)
        own = np.zeros(rows) if bias is None or not bias.size else bias.astype(np.float64)
        shift = own + weights @ np.broadcast_to(frames.offset, columns)
        numbers = [len(self._weights)]
        tensor = self._op("MatMul", frames.tensor, self._weight(scaled.T))
        made = replace(frames, tensor=tensor, width=rows, scale=np.ones(()), offset=np.zeros(()))
        if bias is None or not bias.size:  # another one follows, with a bias that takes this one in
            return replace(made, offset=shift if shift.any() else made.offset)
        numbers.append(len(self._weights))
        tensor = self._op("Add", tensor, self._weight(shift))
        self._pliable[tensor] = numbers
        return replace(made, tensor=tensor)

    def _relu(self, frames: Frames) -> Frames:
        numbers = self._pliable.get(frames.tensor)
        plain = self._plain(frames)
        rectified = replace(self._now(plain), tensor=self._op("Relu", plain.tensor))
        if numbers is not None and plain.tensor == frames.tensor:
            self._pliable[rectified.tensor] = numbers
        return rectified

    def _batch_norm(self, component: Component, frames: Frames, name: str) -> Frames:
        """Fixed scale and offset. Source: Kaldi's BatchNormComponent::ComputeDerived."""
        variance = component.arrays["StatsVar"].astype(np.float64) + component.real("Epsilon")
        scale = component.real("TargetRms") / np.sqrt(variance)
        offset = -component.arrays["StatsMean"] * scale
        if frames.width % len(scale):
            raise ModelError(f"{name} takes blocks of {len(scale)} values and gets {frames.width}")
        blocks = frames.width // len(scale)
        return self._bent(frames.scaled(np.tile(scale, blocks), np.tile(offset, blocks)), np.ones(()))

    def _sum(self, parts: Sequence[Frames]) -> Frames:
        aligned = self._align(parts)
        for other in aligned[1:]:
            if other.width != aligned[0].width:
                raise ModelError(f"the network adds {other.width} values to {aligned[0].width}")
        for tensor, count in Counter(part.tensor for part in aligned).items():
            if count > 1:  # what suits the one would spoil the other
                self._pliable.pop(tensor, None)
        stiff = [self._now(part).scale for part in aligned if part.tensor not in self._pliable]
        common = stiff[0] if stiff and stiff[0].ndim == 0 else np.ones(())
        first, *others = [self._bent(part, common) for part in aligned]
        if not others:
            return first
        tensor = first.tensor
        for other in others:
            tensor = self._op("Add", tensor, other.tensor)
        return replace(first, tensor=tensor, scale=common, offset=sum((part.offset for part in others), first.offset))

    def _append(self, parts: Sequence[Frames | None]) -> Frames:
        """Columns side by side; None stands for the ivector, the same in each row."""
        aligned = self._align([part for part in parts if part is not None])
        if len(parts) == 1:
            return aligned[0]
        moving = iter(aligned)
        width = self._net.inputs[IVECTOR]
        columns = [
            Frames(self._ivector_rows(aligned[0].tensor), width, 0, 0, 0) if part is None else next(moving)
            for part in parts
        ]
        return replace(
            aligned[0],
            tensor=self._op("Concat", *[column.tensor for column in columns], axis=1),
            width=sum(column.width for column in columns),
            scale=np.concatenate([np.broadcast_to(self._now(column).scale, column.width) for column in columns]),
            offset=np.concatenate([np.broadcast_to(column.offset, column.width) for column in columns]),
        )

    def _ivector_rows(self, like: str) -> str:
        """The ivector, once for each row of a tensor."""
        rows = self._op("Slice", self._op("Shape", like), self._index(0), self._index(1))
        return self._op("Expand", IVECTOR, self._op("Concat", rows, self._index(1), axis=0))

    def _align(self, parts: Sequence[Frames]) -> list[Frames]:
        """Cut the parts to the rows that all of them have."""
        left, right = max(part.left for part in parts), max(part.right for part in parts)
        return [self._cut(part, (left - part.left) // part.step, (right - part.right) // part.step) for part in parts]

    def _cut(self, frames: Frames, head: int, tail: int) -> Frames:
        if head == tail == 0:
            return frames
        end = -tail if tail else TO_THE_END
        tensor = self._op("Slice", frames.tensor, self._index(head), self._index(end), self._index(0))
        step = frames.step
        return replace(
            self._now(frames), tensor=tensor, left=frames.left + head * step, right=frames.right + tail * step
        )

    def _thin(self, frames: Frames) -> Frames:
        """Every n-th row, in step with the output: both edges then differ from its edges by whole steps."""
        head = (self._net.left_context_frames - frames.left) % self._factor
        tail = (self._net.right_context_frames - frames.right) % self._factor
        end = -tail if tail else TO_THE_END
        at = [self._index(value) for value in (head, end, 0, self._factor)]
        tensor = self._op("Slice", frames.tensor, *at)
        left, right = frames.left + head, frames.right + tail
        return replace(self._now(frames), tensor=tensor, left=left, right=right, step=self._factor)


def _fixed(descriptor: Descriptor) -> bool:
    """Whether the descriptor is the ivector, one value for the whole chunk; ModelError for any other fixed one."""
    if descriptor.name != "ReplaceIndex":
        return False
    if descriptor.parts[0] != Descriptor(IVECTOR):
        raise ModelError(f"the network holds {descriptor.parts[0].name} fixed in time; expected {IVECTOR}")
    return True
