"""States that cannot be told apart become one; whatever is said costs what it cost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import kaldifst
import numpy as np
import pytest

from edge_asr.asr.kaldi.fst_format import ARC, STATE
from edge_asr.asr.kaldi.graph_file import GraphHeader, check_graph_file
from edge_asr.errors import ModelError
from edge_asr_export import alike_states, graph_arrays
from edge_asr_export.alike_states import merge_alike
from tests.export.graph_texts import aligned, costs, graph

# Two words that end alike ("1 2 3" and "4 2 3"), a state that waits, as every sound has one, and one that ends dearer.
TEXT = """
0 1 1 11 0.5
0 2 4 12 0.5
0 3 5 13 0.25
1 1 1 0 0.125
1 4 2 0 1
2 2 1 0 0.125
2 5 2 0 1
3 3 1 0 0.125
3 6 2 0 1
4 7 3 0
5 8 3 0
6 9 3 0
7 0 0 0 0.75
8 0 0 0 0.75
7
8
9 2.0
"""


def merged(folder: Path, text: str) -> Any:
    ticks: list[int] = []
    merge_alike(graph(folder, text), folder / "merged.fst", lambda: ticks.append(1))
    assert ticks
    return kaldifst.StdConstFst.read(str(folder / "merged.fst"))


def test_what_ends_alike_is_one_state_and_every_path_costs_what_it_cost(tmp_path: Path) -> None:
    before = kaldifst.StdConstFst.read(str(graph(tmp_path, TEXT)))
    after = merged(tmp_path, TEXT)
    # 7 and 8 are one; then 4 and 5; then 1 and 2. 6 stays, for 9 ends dearer, and so does 3.
    assert (before.num_states, after.num_states) == (10, 7)
    for length in range(1, 9):
        assert costs(after, length) == costs(before, length)
    assert costs(after, 8)


DIFFERENT = pytest.mark.parametrize(
    ("of_one", "of_two"),
    [
        ("1 3 3 0 0.5", "2 3 4 0 0.5"),  # a label
        ("1 3 3 6 0.5", "2 3 3 7 0.5"),  # a word
        ("1 3 3 0 0.5", "2 3 3 0 0.25"),  # a cost
        ("1 3 3 0 0.5", "2 4 3 0 0.5"),  # what lies behind
        ("1 3 3 0 0.5\n1 4 5 0 0.5", "2 3 3 0 0.5\n2 4 6 0 0.5"),  # one way of two
        ("1 3 3 0 0.5\n1 3 3 0 0.5", "2 3 3 0 0.5"),  # a way twice
        ("1 3 3 0 0.5\n1 4 5 0 0.5", "2 4 3 0 0.5\n2 3 5 0 0.5"),  # which way leads where
    ],
)


def parted(of_one: str, of_two: str) -> str:
    return f"0 1 1 0\n0 2 2 0\n{of_one}\n{of_two}\n3 1.0\n4 2.0\n"


@DIFFERENT
def test_what_was_to_be_merged_is_compared_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_one: str, of_two: str
) -> None:
    monkeypatch.setattr(alike_states, "_first_alike", lambda *_: np.array([0, 1, 1, 3, 4], np.int32))
    with pytest.raises(ModelError, match="the same hash and are not alike"):
        merged(tmp_path, parted(of_one, of_two))


def test_ends_that_cost_differently_are_not_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = parted("1 3 3 0 0.5", "2 3 3 0 0.5") + "1 1.0\n2 2.0\n"
    assert merged(tmp_path, text).num_states == 5
    monkeypatch.setattr(alike_states, "_first_alike", lambda *_: np.array([0, 1, 1, 3, 4], np.int32))
    with pytest.raises(ModelError, match="the same hash and are not alike"):
        merge_alike(tmp_path / "graph.fst", tmp_path / "again.fst", lambda: None)


@DIFFERENT
def test_states_that_differ_in_anything_stay_two(tmp_path: Path, of_one: str, of_two: str) -> None:
    text = parted(of_one, of_two)
    before = kaldifst.StdConstFst.read(str(graph(tmp_path, text)))
    after = merged(tmp_path, text)
    assert after.num_states == before.num_states
    assert costs(after, 2) == costs(before, 2)


def test_states_that_wait_are_alike_each_in_its_own_place(tmp_path: Path) -> None:
    waits = "0 1 1 0\n0 2 2 0\n1 1 3 0 0.5\n2 2 3 0 0.5\n1\n2\n"
    assert merged(tmp_path, waits).num_states == 2
    crossed = "0 1 1 0\n0 2 2 0\n1 2 3 0 0.5\n2 2 3 0 0.5\n1\n2\n"
    after = merged(tmp_path, crossed)
    assert all(costs(after, length) for length in range(1, 5))


def test_long_ways_to_one_end_are_alike_from_the_end_to_the_beginning(tmp_path: Path) -> None:
    """Each round finds one more of the nine pairs; the beginning stays."""
    ways = [f"{state} {state + 2} {1 + state // 2} 0" for state in range(2, 18)]
    assert merged(tmp_path, "\n".join(["0 2 1 7", "0 3 2 7", *ways, "18", "19", ""])).num_states == 1 + 9


def test_some_states_at_a_time_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = merged(tmp_path, TEXT).to_str(show_weight_one=True)
    monkeypatch.setattr(graph_arrays, "_BLOCK", 3)
    monkeypatch.setattr(graph_arrays, "_PIECE_BYTES", 7)
    assert merged(tmp_path, TEXT).to_str(show_weight_one=True) == whole


def test_one_hash_for_states_that_are_not_alike_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        alike_states, "_mixed", lambda numbers, seed=0: np.full(len(numbers), np.uint64(seed), np.uint64)
    )
    with pytest.raises(ModelError, match="the same hash and are not alike"):
        merged(tmp_path, TEXT)
    assert not (tmp_path / "merged.fst").exists()


def test_the_beginning_may_be_any_state_and_the_parts_aligned(tmp_path: Path) -> None:
    fst = kaldifst.compile("0 1 7 0\n1 3 3 0 0.5\n2 3 3 0 0.5\n4 1 1 11\n4 2 4 12\n3\n", acceptor=False)
    fst.start = 4
    path = tmp_path / "graph.fst"
    kaldifst.StdConstFst(fst).write(str(path))
    before = kaldifst.StdConstFst.read(str(path))
    merge_alike(aligned(path), tmp_path / "merged.fst", lambda: None)
    after = kaldifst.StdConstFst.read(str(tmp_path / "merged.fst"))
    assert before.start == 4
    assert after.num_states < before.num_states
    assert costs(after, 2) == costs(before, 2) != {}
    assert check_graph_file(tmp_path / "merged.fst", 7, np.ones(13, np.bool_))  # it can be mapped


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda data: data[:-3], "its own header says"),
        (lambda data: data + b"x", "its own header says"),
        (lambda data: data[: -ARC.itemsize] + data[-ARC.itemsize : -4] + b"\xff" * 4, "an arc to a state that is none"),
        (lambda data: data[:-4] + (99).to_bytes(4, "little"), "an arc to a state that is none of its 10"),
    ],
)
def test_a_file_that_is_no_graph_is_refused(tmp_path: Path, spoil: Callable[[bytes], bytes], complaint: str) -> None:
    path = graph(tmp_path, TEXT)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ModelError, match=complaint):
        merge_alike(path, tmp_path / "merged.fst", lambda: None)


def test_an_empty_graph_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "graph.fst"
    kaldifst.StdConstFst(kaldifst.StdVectorFst()).write(str(path))
    with pytest.raises(ModelError, match="is an empty graph"):
        merge_alike(path, tmp_path / "merged.fst", lambda: None)


def test_arcs_out_of_the_order_of_their_states_are_refused(tmp_path: Path) -> None:
    path = graph(tmp_path, TEXT)
    header, data = GraphHeader.read(path), bytearray(path.read_bytes())
    state = np.frombuffer(data, STATE, header.states, header.states_at)
    state["arc"][[1, 2]] = state["arc"][[2, 1]]
    path.write_bytes(data)
    with pytest.raises(ModelError, match="does not keep its arcs in the order of its states"):
        merge_alike(path, tmp_path / "merged.fst", lambda: None)
