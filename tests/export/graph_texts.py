"""Decoding graphs made of OpenFst's text, and what they say."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import kaldifst

from edge_asr.asr.kaldi.fst_format import REST
from edge_asr.asr.kaldi.graph_file import GraphHeader

Costs = dict[tuple[tuple[int, ...], tuple[int, ...]], list[float]]  # by labels and words


def graph(folder: Path, text: str) -> Path:
    path = folder / "graph.fst"
    kaldifst.StdConstFst(kaldifst.compile(text, acceptor=False)).write(str(path))
    return path


def aligned(path: Path) -> Path:
    """The same file as the tools write it, its parts at multiples of 16."""
    header = GraphHeader.read(path)
    data = bytearray(path.read_bytes())
    _, _, *rest = REST.unpack_from(data, header.rest_at)
    REST.pack_into(data, header.rest_at, 1, 4, *rest)  # version and flag of alignment
    parts = (data[: header.states_at], data[header.states_at : header.arcs_at], data[header.arcs_at :])
    path.write_bytes(b"".join(bytes(part) + bytes(-len(part) % 16) for part in parts[:2]) + parts[2])
    return path


def costs(fst: Any, length: int) -> Costs:
    """What all paths of so many arcs say, and cost, to their ends."""
    lines = [line.split() for line in fst.to_str(show_weight_one=True).splitlines()]
    ends = {int(line[0]): float(line[1]) if len(line) > 1 else 0.0 for line in lines if len(line) < 3}
    arcs = defaultdict(list)
    for line in lines:
        if len(line) > 2:
            arcs[int(line[0])].append((int(line[1]), int(line[2]), int(line[3]), float(line[4])))
    found: Costs = defaultdict(list)
    paths: list[tuple[int, tuple[int, ...], tuple[int, ...], float]] = [(fst.start, (), (), 0.0)]
    for _ in range(length):
        paths = [
            (target, (*labels, label), (*words, word), cost + weight)
            for state, labels, words, cost in paths
            for target, label, word, weight in arcs[state]
        ]
        for state, labels, words, cost in paths:
            if state in ends:
                found[labels, words].append(round(cost + ends[state], 4))
    return {said: sorted(each) for said, each in found.items()}
