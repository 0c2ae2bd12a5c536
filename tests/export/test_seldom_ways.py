"""Dear ways stand behind silent steps; whatever is said costs what it cost, and a search finds the same."""

from collections import Counter
from pathlib import Path
from typing import Any

import kaldi_decoder
import kaldifst
import numpy as np
import pytest

from edge_asr.asr.kaldi.fst_format import ARC, STATE
from edge_asr.asr.kaldi.graph_file import GraphHeader, check_graph_file
from edge_asr.errors import ModelError
from edge_asr_export import graph_arrays
from edge_asr_export.seldom_ways import part_seldom
from tests.export.graph_texts import aligned, costs, graph

LABELS, WORDS = 60, 5


def ways(costs_of: list[float], state: int = 0, target: int = 1) -> str:
    """A state with one way for each cost, its label the number of the way."""
    return "".join(f"{state} {target} {label} 0 {cost}\n" for label, cost in enumerate(costs_of, 1))


def parted(folder: Path, text: str) -> Any:
    ticks: list[int] = []
    part_seldom(graph(folder, text), folder / "parted.fst", lambda: ticks.append(1))
    assert ticks
    return kaldifst.StdConstFst.read(str(folder / "parted.fst"))


def lines(fst: Any, state: int) -> list[tuple[int, int, float]]:
    """Target, label and cost of a state's arcs."""
    found = [line.split() for line in fst.to_str(show_weight_one=True).splitlines()]
    return [(int(row[1]), int(row[2]), float(row[4])) for row in found if len(row) > 2 and int(row[0]) == state]


def said(fst: Any, length: int) -> Counter[tuple[tuple[int, ...], tuple[int, ...], float]]:
    """What paths of at most so many arcs say, without what is silent, and cost."""
    found: Counter[tuple[tuple[int, ...], tuple[int, ...], float]] = Counter()
    for (labels, words), each in costs(fst, length).items():
        heard = tuple(filter(None, labels)), tuple(filter(None, words))
        found.update((*heard, cost) for cost in each)
    return found


def test_dear_ways_stand_behind_one_step_and_dearer_ones_behind_a_second(tmp_path: Path) -> None:
    cheap, dear, dearest = [0.5, 0.5, 0.5, 4.9375], [5.0, 6.5, *[7.0] * 5, 9.9375], [10.0, *[22.5] * 8]
    text = ways([*cheap, *dear, *dearest]) + "1\n"
    before = kaldifst.StdConstFst.read(str(graph(tmp_path, text)))
    after = parted(tmp_path, text)
    assert after.num_states == 2 + 2
    assert lines(after, 0) == [*[(1, label, 0.5) for label in range(1, 4)], (1, 4, 4.9375), (2, 0, 3.0)]
    # behind a step that costs 2 less than the cheapest of them: so much may a sound make up for
    behind = [(1, 5, 2.0), (1, 6, 3.5), *[(1, label, 4.0) for label in range(7, 12)], (1, 12, 6.9375)]
    assert lines(after, 2) == [*behind, (3, 0, 5.0)]
    assert lines(after, 3) == [(1, 13, 2.0), *[(1, label, 14.5) for label in range(14, 22)]]
    assert said(after, 3) == said(before, 3)


@pytest.mark.parametrize(
    ("text", "behind"),
    [
        (ways([*[0.5] * 8, *[7.0] * 8]), 8),
        (ways([*[0.5] * 7, *[7.0] * 8]), None),  # fifteen ways in all
        (ways([*[0.5] * 9, *[7.0] * 7]), None),  # seven dear ones
        (ways([*[0.5] * 9, *[4.99] * 9]), None),  # none dear enough
        (ways([*[0.5] * 9, *[12.0] * 8]), 8),  # none for the first step: it is the only one
        (ways([*[0.5] * 9, *[12.0] * 7]), None),  # seven of the dearest
        (ways([*[0.5] * 9, *[7.0] * 4, *[12.0] * 4]), 8),  # too few for two steps, not for one
        (ways([*[0.5] * 4, *[7.0] * 8, *[12.0] * 7]), 15),  # too few for the second: they stand behind the first
        (ways([*[0.5] * 9, *[7.0] * 7, *[12.0] * 8]), 8),  # too few for the first: they stay
        (ways([*[0.5] * 9, *[7.0] * 7]) + "0 0 20 0 7.0\n", None),  # where one waits is no way out
        (ways([*[0.5] * 9, *[7.0] * 7]) + "0 1 0 0 7.0\n", None),  # and what is silent is no way of its own
    ],
)
def test_a_step_must_spare_enough(tmp_path: Path, text: str, behind: int | None) -> None:
    """So many ways stand behind it; None: there is no step."""
    before = kaldifst.StdConstFst.read(str(graph(tmp_path, text + "1 0.5\n")))
    after = parted(tmp_path, text + "1 0.5\n")
    assert [len(lines(after, state)) for state in range(2, after.num_states)] == ([] if behind is None else [behind])
    assert said(after, 3) >= said(before, 1)
    labels = [label for state in range(after.num_states) for _, label, _ in lines(after, state) if label]
    assert sorted(labels) == sorted(label for _, label, _ in lines(before, 0) if label)


def test_what_waits_and_what_is_silent_stays_where_it_is(tmp_path: Path) -> None:
    text = ways([*[0.5] * 8, *[7.0] * 8]) + "0 0 20 0 9.0\n0 1 0 3 11.0\n0 1.5\n1\n"
    after = parted(tmp_path, text)
    assert [arc for arc in lines(after, 0) if arc[2] > 0.5] == [(0, 20, 9.0), (1, 0, 11.0), (2, 0, 5.0)]
    assert len(lines(after, 2)) == 8
    assert arrays(tmp_path / "parted.fst")[0]["weight"].tolist() == [1.5, 0.0, np.inf]


def test_steps_cost_multiples_of_a_quarter_so_that_no_sum_is_rounded(tmp_path: Path) -> None:
    dear = [float(np.float32(5.3 + number / 7.0)) for number in range(9)]
    graph(tmp_path, ways([*[0.5] * 9, *dear]) + "1\n")
    part_seldom(tmp_path / "graph.fst", tmp_path / "parted.fst", lambda: None)
    state, arc = arrays(tmp_path / "parted.fst")
    behind = arc[state["arc"][2] : state["arc"][2] + state["arcs"][2]]
    (step,) = arc["weight"][arc["label"] == 0]
    assert step == 3.25  # 3.3 and less
    assert [float(step) + float(weight) for weight in behind["weight"]] == dear


def arrays(path: Path) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    header = GraphHeader.read(path)
    state = np.fromfile(path, STATE, header.states, offset=header.states_at)
    return state, np.fromfile(path, ARC, header.arcs, offset=header.arcs_at)


def made_up(seed: int, states: int) -> str:
    """A graph of every kind of state; whatever is silent leads to a later one, and all of them lead to the last."""
    random = np.random.default_rng(seed)
    rows = []
    for state in range(states - 1):
        for _ in range(int(random.choice([1, 3, 17, 30, 45]))):
            target, cost = int(random.integers(0, states)), float(np.float32(random.gamma(2.0, 3.0)))
            rows.append(f"{state} {target} {random.integers(1, LABELS + 1)} {random.integers(0, WORDS)} {cost!r}")
        rows.append(f"{state} {state} {random.integers(1, LABELS + 1)} 0 0.25")
        rows.append(f"{state} {state + 1} 0 {random.integers(0, WORDS)} {random.random() * 8:.3f}")
    return "\n".join(rows) + f"\n3 2.5\n{states - 1} 0.25\n"


@pytest.mark.parametrize("seed", range(4))
def test_a_search_finds_the_same_path_at_the_same_cost(tmp_path: Path, seed: int) -> None:
    text = made_up(seed, 40)
    before = kaldifst.StdConstFst.read(str(graph(tmp_path, text)))
    after = parted(tmp_path, text)
    assert after.num_states > before.num_states
    scores = np.random.default_rng(seed).standard_normal((30, LABELS)).astype(np.float32) * np.float32(3.0)
    assert best(after, scores) == best(before, scores)


def best(fst: Any, scores: np.ndarray[Any, np.dtype[np.float32]]) -> tuple[list[int], list[int], float]:
    decoder = kaldi_decoder.FasterDecoder(fst, kaldi_decoder.FasterDecoderOptions(beam=40.0, max_active=100_000))
    decoder.init_decoding()
    decoder.advance_decoding(kaldi_decoder.DecodableCtc(scores, 0))
    found, path = decoder.get_best_path(True)
    assert found
    _, labels, words, weight = kaldifst.get_linear_symbol_sequence(path)
    return list(labels), list(words), round(weight.value1 + weight.value2, 3)


def test_the_file_counts_what_is_silent_and_can_be_mapped(tmp_path: Path) -> None:
    path = aligned(graph(tmp_path, made_up(1, 40)))
    part_seldom(path, tmp_path / "parted.fst", lambda: None)
    assert check_graph_file(tmp_path / "parted.fst", LABELS, np.ones(WORDS, np.bool_))
    state, arc = arrays(tmp_path / "parted.fst")
    assert len(state) > 40
    for one in state:
        own = arc[one["arc"] : one["arc"] + one["arcs"]]
        assert (one["silent_in"], one["silent_out"]) == ((own["label"] == 0).sum(), (own["word"] == 0).sum())
    assert not np.isfinite(state["weight"][40:]).any()


@pytest.mark.parametrize("block", [1, 3, 39])
def test_some_states_at_a_time_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    parted(tmp_path, made_up(2, 40))
    whole = (tmp_path / "parted.fst").read_bytes()
    monkeypatch.setattr(graph_arrays, "_BLOCK", block)
    parted(tmp_path, made_up(2, 40))
    assert (tmp_path / "parted.fst").read_bytes() == whole


@pytest.mark.parametrize("cost", ["inf", "nan"])
def test_what_costs_no_number_stays_where_it_is(tmp_path: Path, cost: str) -> None:
    path = graph(
        tmp_path, ways([*[0.5] * 9, *[7.0] * 8]) + "".join(f"0 1 {label} 0 77.0\n" for label in range(18, 28)) + "1\n"
    )
    data = path.read_bytes()
    path.write_bytes(data.replace(np.float32(77.0).tobytes(), np.float32(cost).tobytes()))
    part_seldom(path, tmp_path / "parted.fst", lambda: None)
    state, arc = arrays(tmp_path / "parted.fst")
    assert state["arcs"].tolist() == [9 + 10 + 1, 0, 8]
    assert [label for label, cost in zip(arc["label"], arc["weight"], strict=True) if not np.isfinite(cost)] == list(
        range(18, 28)
    )


def test_the_beginning_may_be_any_state(tmp_path: Path) -> None:
    fst = kaldifst.compile(ways([*[0.5] * 9, *[7.0] * 8], 1, 0) + "0\n", acceptor=False)
    fst.start = 1
    kaldifst.StdConstFst(fst).write(str(tmp_path / "graph.fst"))
    part_seldom(tmp_path / "graph.fst", tmp_path / "parted.fst", lambda: None)
    after = kaldifst.StdConstFst.read(str(tmp_path / "parted.fst"))
    assert said(after, 2) == said(kaldifst.StdConstFst(fst), 1)
    assert after.num_states == 3


def test_a_graph_without_dear_ways_stays_as_it_is(tmp_path: Path) -> None:
    text = ways([0.5] * 40) + "1\n"
    before = kaldifst.StdConstFst.read(str(graph(tmp_path, text)))
    assert parted(tmp_path, text).to_str(show_weight_one=True) == before.to_str(show_weight_one=True)


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    path = graph(tmp_path, ways([0.5] * 40) + "1\n")
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ModelError, match="its own header says"):
        part_seldom(path, tmp_path / "parted.fst", lambda: None)
    assert not (tmp_path / "parted.fst").exists()
