"""The first states in the order of their distance, the others each with what follows it; the graph stays the same."""

from pathlib import Path
from typing import Any

import kaldifst
import numpy as np
import pytest

from edge_asr.asr.kaldi import graph_map
from edge_asr.asr.kaldi.fst_format import ARC, STATE
from edge_asr.asr.kaldi.graph_file import GraphHeader, check_graph_file
from edge_asr.errors import ModelError
from edge_asr_export import graph_arrays
from edge_asr_export.near_states import put_near
from tests.export.graph_texts import aligned, costs, graph

# A state ends at its own number: so it is known wherever it lies. Two ways from 0, each with two ways of its own.
TREE = """
0 1 1 11
0 2 2 12
1 3 3 0
2 4 4 0
1 5 5 0
2 6 6 0
3 7 7 0
5 8 8 0
4 9 9 0
9 1 1 0 0.5
"""


def ended(text: str, states: int) -> str:
    return text + "".join(f"{state} {state}.0\n" for state in range(states))


def ordered(path: Path, first_bytes: int) -> tuple[list[int], Path]:
    """The former numbers of its states, as they lie."""
    ticks: list[int] = []
    near = path.with_name("near.fst")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph_map, "KEPT_BYTES", first_bytes)
        put_near(path, near, lambda: ticks.append(1))
    assert ticks
    header = GraphHeader.read(near)
    assert header.start == 0
    state = np.fromfile(near, STATE, header.states, offset=header.states_at)
    return [int(weight) for weight in state["weight"]], near


@pytest.mark.parametrize(
    ("kept", "order"),
    [
        (0, [0, 1, 3, 7, 5, 8, 2, 4, 9, 6]),
        (1, [0, 1, 3, 7, 5, 8, 2, 4, 9, 6]),
        (2, [0, 1, 2, 4, 9, 6, 3, 7, 5, 8]),
        (3, [0, 1, 2, 3, 7, 5, 8, 4, 9, 6]),
        (5, [0, 1, 2, 3, 5, 4, 9, 6, 7, 8]),
        (10, [0, 1, 2, 3, 5, 4, 6, 7, 8, 9]),
    ],
)
def test_the_first_states_lie_by_distance_and_the_others_with_what_follows(
    tmp_path: Path, kept: int, order: list[int]
) -> None:
    path = graph(tmp_path, ended(TREE, 10))
    degrees = dict(zip([0, 1, 2, 3, 5, 4, 6, 7, 8, 9], [2, 2, 2, 1, 1, 1, 0, 0, 0, 1], strict=True))
    sizes = [STATE.itemsize + ARC.itemsize * degree for degree in degrees.values()]
    assert ordered(path, sum(sizes[:kept])) == (order, path.with_name("near.fst"))
    if kept < 10:
        assert ordered(path, sum(sizes[: kept + 1]) - 1)[0] == order  # a state that fits in part is not among them


def test_the_graph_says_the_same_at_the_same_cost(tmp_path: Path) -> None:
    path = aligned(graph(tmp_path, ended(TREE, 10)))
    _, near = ordered(path, 100)
    before, after = (kaldifst.StdConstFst.read(str(each)) for each in (path, near))
    for length in range(1, 8):
        assert costs(after, length) == costs(before, length) != {}
    assert check_graph_file(near, 9, np.ones(13, np.bool_))


def made_up(seed: int, states: int) -> str:
    random = np.random.default_rng(seed)
    rows = [f"{random.integers(0, state)} {state} 1 0" for state in range(1, states)]
    rows += [f"{random.integers(0, states)} {random.integers(0, states)} 2 0" for _ in range(states)]
    return ended("\n".join(rows) + "\n", states)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_order_of_its_definition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    path = graph(tmp_path, made_up(seed, 60))
    fst = kaldifst.StdConstFst.read(str(path))
    for first_bytes in (0, 500, 1500, 10_000):
        found = ordered(path, first_bytes)[0]
        assert found == by_definition(fst, first_bytes)
        assert sorted(found) == list(range(60))
    monkeypatch.setattr(graph_arrays, "_BLOCK", 7)
    assert ordered(path, 500)[0] == by_definition(fst, 500)


def by_definition(fst: Any, first_bytes: int) -> list[int]:
    """One state after the other, as they are found."""
    ways: dict[int, list[int]] = {state: [] for state in range(fst.num_states)}
    for line in fst.to_str(show_weight_one=True).splitlines():
        row = line.split()
        if len(row) > 2:
            ways[int(row[0])].append(int(row[1]))
    order, below = [fst.start], {}
    for state in order:
        below[state] = [each for each in dict.fromkeys(ways[state]) if each not in order]
        order += below[state]
    room, kept = 0, list[int]()
    for state in order:
        room += STATE.itemsize + ARC.itemsize * len(ways[state])
        if room > first_bytes:
            break
        kept.append(state)
    lying = list(kept)

    def put(state: int) -> None:
        lying.append(state)
        for each in below[state]:
            put(each)

    parents = {child: parent for parent, children in below.items() for child in children}
    for state in order[len(kept) :]:
        if parents.get(state) is None or parents[state] in kept:
            put(state)
    return lying


def test_what_cannot_be_reached_is_left_out(tmp_path: Path) -> None:
    path = graph(tmp_path, ended("0 2 1 0\n1 2 2 0\n2 0 3 0\n", 3))
    assert ordered(path, 0)[0] == [0, 2]


def test_the_beginning_may_be_any_state(tmp_path: Path) -> None:
    fst = kaldifst.compile(ended("0 1 7 0\n1 3 3 0 0.5\n2 3 3 0 0.5\n4 1 1 11\n4 2 4 12\n3 0 1 0\n", 5), acceptor=False)
    fst.start = 4
    path = tmp_path / "graph.fst"
    kaldifst.StdConstFst(fst).write(str(path))
    order, near = ordered(path, 0)
    assert order == [4, 1, 3, 0, 2]
    after = kaldifst.StdConstFst.read(str(near))
    assert costs(after, 3) == costs(kaldifst.StdConstFst.read(str(path)), 3) != {}


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    path = graph(tmp_path, ended(TREE, 10))
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ModelError, match="its own header says"):
        put_near(path, tmp_path / "near.fst", lambda: None)
    assert not (tmp_path / "near.fst").exists()
