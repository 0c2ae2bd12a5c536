"""Kaldi's nnet3 network as it lies in `final.mdl`: components with their weights, and the wiring between nodes."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from edge_asr_export.descriptor import Descriptor, parse_descriptor
from edge_asr_export.kaldi_binary import KaldiReader, Reals

_INTEGER_VECTORS = {"<TimeOffsets>"}  # the only fields that look like numbers and are lists


@dataclass
class Component:
    """One layer: its type without brackets, its arrays and numbers by the names of the format."""

    kind: str
    arrays: dict[str, Reals] = field(default_factory=dict)
    numbers: dict[str, bytes] = field(default_factory=dict)  # raw: the format does not tell integers from floats
    integers: dict[str, list[int]] = field(default_factory=dict)

    def real(self, name: str) -> float:
        """A single-precision number; KeyError when the component has none of that name."""
        return float(struct.unpack("<f", self.numbers[name])[0])

    def integer(self, name: str) -> int:
        """An integer; KeyError as above."""
        return int.from_bytes(self.numbers[name], "little", signed=True)


@dataclass(frozen=True)
class Node:
    """A place in the network: `component` applied to `source`; None where the node only renames its source."""

    component: str | None
    source: Descriptor


@dataclass(frozen=True)
class Nnet3:
    """The network. `inputs` are widths by name, `outputs` the node that feeds each output; contexts in frames."""

    inputs: Mapping[str, int]
    nodes: Mapping[str, Node]
    outputs: Mapping[str, Descriptor]
    components: Mapping[str, Component]
    left_context_frames: int
    right_context_frames: int


def read_nnet3(reader: KaldiReader) -> Nnet3:
    """Network at the cursor (behind the transition model). ModelError when it is none."""
    reader.expect("<Nnet3>")
    inputs: dict[str, int] = {}
    nodes: dict[str, Node] = {}
    outputs: dict[str, Descriptor] = {}
    for line in reader.text_until(b"\n\n").split("\n"):
        if line:
            _read_line(line, reader, inputs, nodes, outputs)
    reader.expect("<NumComponents>")
    components = {}
    for _ in range(reader.integer()):
        reader.expect("<ComponentName>")
        name = reader.token()
        components[name] = _read_component(reader)
    reader.expect("</Nnet3>", "<LeftContext>")
    left = reader.integer()
    reader.expect("<RightContext>")
    right = reader.integer()
    return Nnet3(inputs, nodes, outputs, components, left, right)


def _read_line(
    line: str, reader: KaldiReader, inputs: dict[str, int], nodes: dict[str, Node], outputs: dict[str, Descriptor]
) -> None:
    """One line of the wiring: `kind key=value ...`, where the value of `input` may hold spaces."""
    kind, _, rest = line.partition(" ")
    rest, _, source = rest.partition(" input=")
    fields = dict(part.split("=", 1) for part in rest.split() if "=" in part)
    source = source.split(" objective=")[0]
    try:
        name = fields["name"]
        if kind == "input-node":
            inputs[name] = int(fields["dim"])
        elif kind == "component-node":
            nodes[name] = Node(fields["component"], parse_descriptor(source))
        elif kind == "output-node":
            outputs[name] = parse_descriptor(source)
        elif kind == "dim-range-node" and fields["dim-offset"] == "0":
            # A range narrower than its source would need a cut; the converter compares the widths.
            nodes[name] = Node(None, Descriptor("Range", (Descriptor(fields["input-node"]),), int(fields["dim"])))
        else:
            name = ""
    except (KeyError, ValueError) as error:
        raise reader.fault(f"the network has a line that is not known: {line!r} ({error})") from error
    if not name:
        raise reader.fault(f"the network has a line that is not known: {line!r}")


def _read_component(reader: KaldiReader) -> Component:
    """A component: `<Type>`, then fields, then `</Type>`."""
    opening = reader.token()
    component = Component(opening.strip("<>"))
    closing = opening.replace("<", "</", 1)
    while (token := reader.token()) != closing:
        name = token.strip("<>")
        while reader.peek() not in {b"<", b""}:  # flags have no value, pairs have two: the first one counts
            if token in _INTEGER_VECTORS:
                component.integers[name] = reader.integers()
            elif reader.peek() in {b"\x04", b"\x08"}:
                component.numbers.setdefault(name, reader.scalar())
            elif reader.peek() in {b"T", b"F"} and reader.peek(2)[1:] == b"<":
                reader.boolean()
            else:
                component.arrays[name] = reader.array()
    return component
