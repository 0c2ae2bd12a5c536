"""States that cannot be told apart become one; whatever is said costs what it cost."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import kaldifst
import numpy as np
import pytest

from edge_asr.errors import ModelError
from edge_asr_export import alike_states
from edge_asr_export.alike_states import merge_alike

Costs = dict[tuple[tuple[int, ...], tuple[int, ...]], list[float]]  # by labels and words

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


def graph(folder: Path, text: str) -> Path:
    path = folder / "graph.fst"
    kaldifst.StdConstFst(kaldifst.compile(text, acceptor=False)).write(str(path))
    return path


def merged(folder: Path, text: str) -> Any:
    ticks: list[int] = []
    merge_alike(graph(folder, text), folder / "merged.fst", lambda: ticks.append(1))
    assert ticks
    return kaldifst.StdConstFst.read(str(folder / "merged.fst"))


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


def test_what_ends_alike_is_one_state_and_every_path_costs_what_it_cost(tmp_path: Path) -> None:
    before = kaldifst.StdConstFst.read(str(graph(tmp_path, TEXT)))
    after = merged(tmp_path, TEXT)
    # 7 and 8 are one; then 4 and 5; then 1 and 2. 6 stays, for 9 ends dearer, and so does 3.
    assert (before.num_states, after.num_states) == (10, 7)
    for length in range(1, 9):
        assert costs(after, length) == costs(before, length)
    assert costs(after, 8)


@pytest.mark.parametrize(
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
def test_states_that_differ_in_anything_stay_two(tmp_path: Path, of_one: str, of_two: str) -> None:
    text = f"0 1 1 0\n0 2 2 0\n{of_one}\n{of_two}\n3 1.0\n4 2.0\n"
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


def test_some_states_at_a_time_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = merged(tmp_path, TEXT).to_str(show_weight_one=True)
    monkeypatch.setattr(alike_states, "_BLOCK", 3)
    monkeypatch.setattr(alike_states, "_PIECE_BYTES", 7)
    assert merged(tmp_path, TEXT).to_str(show_weight_one=True) == whole


def test_one_hash_for_states_that_are_not_alike_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        alike_states, "_mixed", lambda numbers, seed=0: np.full(len(numbers), np.uint64(seed), np.uint64)
    )
    with pytest.raises(ModelError, match="the same hash and are not alike"):
        merged(tmp_path, TEXT)
    assert not (tmp_path / "merged.fst").exists()
