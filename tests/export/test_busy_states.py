"""The states that are visited most come first, and the graph says what it said."""

import math
from pathlib import Path

import kaldifst
import numpy as np
import pytest

from edge_asr.asr.kaldi.fst_format import ARC, STATE
from edge_asr.asr.kaldi.graph_file import check_graph_file
from edge_asr_export import alike_states, busy_states, graph_arrays
from edge_asr_export.graph import arrange
from edge_asr_export.graph_arrays import GraphArrays
from tests.export.test_alike_states import aligned, costs, graph

RARE, OFTEN = -math.log(0.1), -math.log(0.9)
# From the beginning, 0, seldom through 1 and 2 and mostly through 3; from there half to 4, which waits, and half ends.
TEXT = f"""
0 1 1 11 {RARE}
1 2 2 12
0 3 3 13 {OFTEN}
3 4 4 0 {math.log(2)}
4 4 4 0 {math.log(2)}
4 0 5 0 {math.log(2)}
2 0.5
3 {math.log(2)}
"""
SIZES = [STATE.itemsize + arcs * ARC.itemsize for arcs in (2, 1, 0, 1, 2)]


def sorted_graph(folder: Path, text: str = TEXT) -> Path:
    ticks: list[int] = []
    arrange(aligned(graph(folder, text)), folder / "sorted.fst", lambda: ticks.append(1))
    assert ticks
    return folder / "sorted.fst"


def words_of_states(path: Path) -> list[list[int]]:
    """The labels of each state's arcs, in the file's order."""
    arrays = GraphArrays.open(path)
    return [arrays.arcs_of(np.array([state]))["label"].tolist() for state in range(len(arrays.state))]


@pytest.mark.parametrize(
    ("room", "order"),
    [
        (0, [[1, 3], [2], [], [4], [4, 5]]),
        (SIZES[0], [[1, 3], [2], [], [4], [4, 5]]),
        (SIZES[0] + SIZES[3], [[1, 3], [4], [2], [], [4, 5]]),
        (SIZES[0] + SIZES[3] + SIZES[4], [[1, 3], [4], [4, 5], [2], []]),
        (sum(SIZES), [[1, 3], [2], [], [4], [4, 5]]),
    ],
)
def test_as_many_as_there_is_room_for_and_the_others_as_they_were(
    room: int, order: list[list[int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(busy_states, "BUSY_BYTES", room)
    path = sorted_graph(tmp_path)
    assert words_of_states(path) == order
    before, after = (kaldifst.StdConstFst.read(str(one)) for one in (tmp_path / "graph.fst", path))
    for length in range(1, 7):
        assert costs(after, length) == costs(before, length)
    assert costs(after, 6)
    assert check_graph_file(path, 5, np.ones(14, np.bool_))  # it can be mapped


def test_visits_are_those_of_somebody_who_goes_by_the_costs(tmp_path: Path) -> None:
    parts = GraphArrays.open(aligned(graph(tmp_path, TEXT)))
    visits = busy_states._visits(parts, lambda: None)
    walk = np.array(
        [
            [0, 0.1, 0, 0.9, 0],
            [0, 0, 1, 0, 0],
            [1, 0, 0, 0, 0],  # it ends there and begins again
            [0.5, 0, 0, 0, 0.5],
            [0.5, 0, 0, 0, 0.5],
        ]
    )
    here, wanted = np.eye(5)[0], np.zeros(5)
    for _ in range(busy_states._STEPS):
        here = here @ walk
        wanted += here
    assert visits == pytest.approx(wanted, rel=1e-5)


def test_what_is_alike_is_visited_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four states that wait alike have two visits of three, each of them fewer than the state behind 5."""
    ways = [f"0 {state} {state} 0 {-math.log(1 / 6)}\n{state} 0 9 0" for state in (1, 2, 3, 4)]
    text = "\n".join([f"0 5 5 0 {-math.log(1 / 3):.6f}", *ways, "5 0 8 0", ""])
    monkeypatch.setattr(busy_states, "BUSY_BYTES", STATE.itemsize * 2 + ARC.itemsize * 6)
    path = sorted_graph(tmp_path, text)
    assert [sorted(labels) for labels in words_of_states(path)] == [[1, 2, 3, 4, 5], [9], [8]]
    monkeypatch.setattr(alike_states, "_first_alike", lambda arrays, _: np.arange(len(arrays.state), dtype=np.int32))
    path = sorted_graph(tmp_path, text)
    assert [sorted(labels) for labels in words_of_states(path)] == [[1, 2, 3, 4, 5], [8], [9], [9], [9], [9]]


def test_some_states_at_a_time_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busy_states, "BUSY_BYTES", SIZES[0] + SIZES[3])
    whole = sorted_graph(tmp_path).read_bytes()
    monkeypatch.setattr(graph_arrays, "_BLOCK", 2)
    assert sorted_graph(tmp_path).read_bytes() == whole


def test_a_beginning_elsewhere_stays_the_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busy_states, "BUSY_BYTES", SIZES[0])
    fst = kaldifst.compile("0 1 1 7\n2 0 3 8\n1 0.5\n", acceptor=False)
    fst.start = 2
    kaldifst.StdConstFst(fst).write(str(tmp_path / "graph.fst"))
    before = kaldifst.StdConstFst.read(str(tmp_path / "graph.fst"))
    arrange(aligned(tmp_path / "graph.fst"), tmp_path / "sorted.fst", lambda: None)
    after = kaldifst.StdConstFst.read(str(tmp_path / "sorted.fst"))
    assert costs(after, 2) == costs(before, 2) == {((3, 1), (8, 7)): [0.5]}
