"""Which nodes of a network are needed at every frame, and which only at the output's rate."""

from edge_asr_export.descriptor import Descriptor, sources
from edge_asr_export.nnet3 import Component, Nnet3

Needed = set[tuple[str, int]]  # node or input, and the step in frames at which it is needed


def time_offsets(component: Component) -> list[int]:
    """Frames that a component looks at, relative to its own."""
    return component.integers.get("TimeOffsets", [0])


def plan(net: Nnet3, output: Descriptor, subsampling_factor: int) -> Needed:
    """Every node that `output` needs at steps of the subsampling factor, with the steps at which it is needed.

    A node that is needed at every frame by one user serves all others from there.
    """
    dense: set[str] = set()
    while True:
        needed = _reach(net, output, subsampling_factor, dense)
        found = {name for name, step in needed if step == 1}
        if found == dense:
            return needed
        dense = found


def _reach(net: Nnet3, output: Descriptor, factor: int, dense: set[str]) -> Needed:
    """What is needed when the nodes in `dense` are computed at every frame anyway."""
    needed: Needed = set()
    waiting = [(name, factor if offset % factor == 0 else 1) for name, offset in sources(output)]
    while waiting:
        name, step = waiting.pop()
        if (name, step) in needed:
            continue
        needed.add((name, step))
        if name in dense and step != 1:
            waiting.append((name, 1))
        elif name in net.nodes:
            node = net.nodes[name]
            offsets = [0] if node.component is None else time_offsets(net.components[node.component])
            for source, offset in sources(node.source):
                waiting += [(source, step if (offset + own) % step == 0 else 1) for own in offsets]
        elif step != 1:  # an input arrives at every frame
            waiting.append((name, 1))
    return needed
