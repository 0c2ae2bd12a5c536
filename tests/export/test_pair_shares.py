"""Counted pairs beside what a grammar knows: all that may follow sums up to one, whatever is counted."""

import math
from pathlib import Path
from typing import Any

import kaldifst
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_asr.errors import ModelError
from edge_asr_export import pair_shares
from edge_asr_export.graph_arrays import GraphArrays
from edge_asr_export.pair_shares import mix_pairs
from edge_asr_export.word_counts import WordCounts

WORDS = {"a": 1, "b": 2, "c": 3, "d": 4}
LOWEST, START, AFTER_A, AFTER_B, AFTER_AB, AFTER_D = range(6)
OF_WORDS, OF_PAIRS = 0.35, 0.45
ENDS = {LOWEST: 0.05, START: 0.02, AFTER_B: 0.2}
FOLLOWING = {
    LOWEST: {"a": (0.4, AFTER_A), "b": (0.3, AFTER_B), "c": (0.15, LOWEST), "d": (0.1, AFTER_D)},
    START: {"a": (0.6, AFTER_A)},
    AFTER_A: {"b": (0.5, AFTER_AB), "c": (0.2, LOWEST)},
    AFTER_B: {"a": (0.1, AFTER_A)},
    AFTER_AB: {"c": (0.7, LOWEST)},
    AFTER_D: {"d": (0.3, AFTER_D)},
}
LOWER = {START: LOWEST, AFTER_A: LOWEST, AFTER_B: LOWEST, AFTER_AB: AFTER_B, AFTER_D: LOWEST}


def likely(state: int, word: str) -> float:
    if word in FOLLOWING[state]:
        return FOLLOWING[state][word][0]
    return left(state) * likely(LOWER[state], word)


def left(state: int) -> float:
    """For backing off, such that all sums up to one."""
    lower, end = LOWER[state], ENDS.get(state, 0.0)
    rest = 1 - end - sum(share for share, _ in FOLLOWING[state].values())
    below = sum(likely(lower, word) for word in FOLLOWING[state]) + (ENDS.get(lower, 0.0) if end else 0.0)
    return rest / (1 - below)


@pytest.fixture(scope="module")
def grammar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    fst = kaldifst.StdVectorFst()
    for state in FOLLOWING:
        fst.add_state()
        if state in ENDS:
            fst.set_final(state, -math.log(ENDS[state]))
    fst.start = START
    for state, words in FOLLOWING.items():
        if state in LOWER:
            fst.add_arc(state, kaldifst.StdArc(0, 0, -math.log(left(state)), LOWER[state]))
        for word, (share, target) in words.items():
            fst.add_arc(state, kaldifst.StdArc(WORDS[word], WORDS[word], -math.log(share), target))
    path = tmp_path_factory.mktemp("grammar") / "grammar.fst"
    kaldifst.StdConstFst(fst).write(str(path))
    return path


Told = dict[int, tuple[float, int]]  # by label, 0 for backing off: how likely, and the state behind it


def mixed(grammar: Path, words: str, pairs: str) -> tuple[list[Told], list[float]]:
    """What follows each state, and how likely nothing does."""
    folder = grammar.parent
    (folder / "words").write_text(words)
    (folder / "pairs").write_text(pairs)
    mix_pairs(grammar, folder / "mixed.fst", WordCounts.read(folder / "words", folder / "pairs", WORDS))
    fst = kaldifst.StdVectorFst(kaldifst.StdConstFst.read(str(folder / "mixed.fst")))
    assert fst.start == START
    told: list[Told] = []
    for state in range(fst.num_states):
        told.append({})
        arcs: Any = kaldifst.ArcIterator(fst, state)
        labels = []
        while not arcs.done:
            labels.append(arcs.value.ilabel)
            assert arcs.value.olabel == arcs.value.ilabel
            told[-1][arcs.value.ilabel] = (math.exp(-arcs.value.weight.value), arcs.value.nextstate)
            arcs.next()
        assert labels == sorted(set(labels))  # as composition wants it
    return told, [math.exp(-fst.final(state).value) for state in range(fst.num_states)]


def following(told: list[Told], state: int, label: int) -> float:
    if label in told[state]:
        return told[state][label][0]
    return told[state][0][0] * following(told, LOWER[state], label) if 0 in told[state] else 0.0


def sums(told: list[Told], ends: list[float]) -> list[float]:
    """Of all that may follow each state: nothing, which a state may leave to the lower one, or a word."""
    found = []
    for state in range(len(told)):
        end, factor, at = ends[state], 1.0, state
        while not end:
            factor, at = factor * told[at][0][0], LOWER[at]
            end = factor * ends[at]
        found.append(end + sum(following(told, state, label) for label in WORDS.values()))
    return found


def test_without_counts_all_but_the_beginning_is_as_it_was(grammar: Path) -> None:
    told, ends = mixed(grammar, "other 5\n", "other words 5\n")
    assert sums(told, ends) == pytest.approx([1.0] * 6, abs=1e-5)
    for state, words in FOLLOWING.items():
        if state == START:
            continue
        assert {label: share for label, (share, _) in told[state].items() if label} == pytest.approx(
            {WORDS[word]: share for word, (share, _) in words.items()}
        )
        assert {label: target for label, (_, target) in told[state].items() if label} == {
            WORDS[word]: target for word, (_, target) in words.items()
        }
        if state in LOWER:
            assert told[state][0][0] == pytest.approx(left(state))
            assert told[state][0][1] == LOWER[state]


EVEN = "a 25\nb 25\nc 25\nd 25\n"


def usual(**counted: float) -> dict[str, float]:
    """How likely words are alone, with shares of a list; what is not in it keeps its weight."""
    told = {word: share for word, (share, _) in FOLLOWING[LOWEST].items()}
    for word, share in counted.items():
        told[word] = (1 - OF_WORDS) * told[word] + OF_WORDS * min(share, 4 * told[word])
    return {word: share * 0.95 / sum(told.values()) for word, share in told.items()}


def test_words_and_pairs_are_mixed_by_their_weights(grammar: Path) -> None:
    told, ends = mixed(grammar, EVEN, "a c 30\na b 10\nb a 20\nc d 40\nd b 40\n")
    assert sums(told, ends) == pytest.approx([1.0] * 6, abs=1e-5)
    alone = usual(a=0.25, b=0.25, c=0.25, d=0.25)
    assert {label: share for label, (share, _) in told[LOWEST].items()} == pytest.approx(
        {WORDS[word]: share for word, share in alone.items()}
    )
    # All words are as common, and of 40, 20, 40 and 40 pairs that begin with one the median is 40, for 0.7 of it all.
    listed = {word: 0.7 * pair + 0.3 * alone[word] for word, pair in {"a": 0, "b": 0.25, "c": 0.75, "d": 0}.items()}
    end = left(AFTER_A) * ENDS[LOWEST]  # keeps its share: the lists tell of what is said
    for word in ("b", "c"):
        share = (1 - OF_PAIRS) * likely(AFTER_A, word) + OF_PAIRS * listed[word] * (1 - end) / sum(listed.values())
        assert told[AFTER_A][WORDS[word]][0] == pytest.approx(share)
    half = {word: 0.35 * (word == "a") + 0.65 * alone[word] for word in WORDS}  # "b" begins half as many pairs
    for state, word, end in ((AFTER_AB, "c", left(AFTER_AB) * ENDS[AFTER_B]), (AFTER_B, "a", ENDS[AFTER_B])):
        share = (1 - OF_PAIRS) * likely(state, word) + OF_PAIRS * half[word] * (1 - end) / sum(half.values())
        assert told[state][WORDS[word]][0] == pytest.approx(share)


def test_what_is_mixed_takes_no_more_than_its_weight(grammar: Path) -> None:
    """Whatever the lists say, a word that they tell nothing of here keeps what the grammar's own weight leaves it."""
    told, _ = mixed(grammar, EVEN, "a b 30\nb a 30\nc a 30\nd a 30\nb c 1\nc d 2\n")
    alone = usual(a=0.25, b=0.25, c=0.25, d=0.25)
    for state in FOLLOWING:
        for word, number in WORDS.items():
            cheaper = min(1.0, alone[word] / likely(LOWEST, word))
            assert following(told, state, number) >= (1 - OF_PAIRS) * likely(state, word) * cheaper * 0.999


def test_where_an_utterance_begins_any_word_may_come(grammar: Path) -> None:
    told, ends = mixed(grammar, "other 5\n", "other words 5\n")
    assert sums(told, ends) == pytest.approx([1.0] * 6, abs=1e-5)
    alone = usual()
    for word, number in WORDS.items():
        wanted = 0.5 * likely(START, word) + 0.5 * alone[word] * 0.98 / 0.95
        assert following(told, START, number) == pytest.approx(wanted, rel=1e-4)


def test_a_word_is_not_taken_to_be_much_oftener_than_it_was(grammar: Path) -> None:
    """Lists of what is written are full of words that nobody says."""
    told, _ = mixed(grammar, "a 1\nd 999\n", "other words 5\n")
    assert told[LOWEST][WORDS["d"]][0] == pytest.approx(usual(a=0.001, d=0.999)["d"])
    assert told[LOWEST][WORDS["d"]][0] < 0.35


def test_a_pair_that_is_added_leads_where_its_word_leads(grammar: Path) -> None:
    told, ends = mixed(grammar, EVEN, "a d 40\nb c 40\nc a 40\nd b 40\n")
    assert sums(told, ends) == pytest.approx([1.0] * 6, abs=1e-5)
    assert told[AFTER_A][WORDS["d"]][1] == AFTER_D
    assert told[AFTER_B][WORDS["c"]][1] == LOWEST
    alone = usual(a=0.25, b=0.25, c=0.25, d=0.25)
    listed = 0.7 + 0.3 * alone["d"]
    end = left(AFTER_A) * ENDS[LOWEST]
    share = (1 - OF_PAIRS) * likely(AFTER_A, "d") + OF_PAIRS * listed * (1 - end) / (0.7 + 0.3 * 0.95)
    assert told[AFTER_A][WORDS["d"]][0] == pytest.approx(share)
    assert WORDS["d"] not in told[START]  # nothing is said of how a sentence begins


@pytest.mark.parametrize(("pairs", "added"), [("a d 400\n", True), ("a d 120\n", True), ("a d 1\n", False)])
def test_a_pair_is_added_where_it_is_likelier_than_by_backing_off(grammar: Path, pairs: str, added: bool) -> None:
    told, _ = mixed(grammar, EVEN, f"a c 400\n{pairs}b a 400\nc b 400\nd d 400\n")
    assert (WORDS["d"] in told[AFTER_A]) is added


def test_a_pair_that_hardly_matters_is_left_out(grammar: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = "a c 400\na d 400\nb a 400\nc b 400\nd d 400\n"
    assert WORDS["d"] in mixed(grammar, EVEN, pairs)[0][AFTER_A]
    monkeypatch.setattr(pair_shares, "_MATTERS", 0.5)
    assert WORDS["d"] not in mixed(grammar, EVEN, pairs)[0][AFTER_A]


def test_what_the_grammar_lacks_it_does_not_learn(grammar: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WORDS, "e", 5)  # the model has a number for it, and sounds, but the grammar never saw it
    told, _ = mixed(grammar, EVEN + "e 25\n", "a c 400\na e 400\ne a 400\nb a 400\nc e 400\nd d 400\n")
    assert all(5 not in labels for labels in told)
    assert all(math.isfinite(share) and share > 0 for labels in told for share, _ in labels.values())


def test_the_file_tells_how_many_arcs_of_a_state_are_silent(grammar: Path) -> None:
    mixed(grammar, EVEN, "a d 40\nb c 40\nc a 40\nd b 40\n")
    arrays = GraphArrays.open(grammar.parent / "mixed.fst")
    silent = [int((arrays.arcs_of(np.array([state]))["label"] == 0).sum()) for state in range(6)]
    assert arrays.state["silent_in"].tolist() == arrays.state["silent_out"].tolist() == silent == [0, 1, 1, 1, 1, 1]


def test_a_word_whose_pairs_are_missing_stays_as_it_is(grammar: Path) -> None:
    told, ends = mixed(grammar, EVEN, "a b 40\nb a 40\nd a 40\nd b 40\n")
    assert sums(told, ends) == pytest.approx([1.0] * 6, abs=1e-5)
    assert told[AFTER_A][WORDS["c"]][0] == pytest.approx(0.2)
    assert told[AFTER_A][WORDS["b"]][0] > 0.5


def test_what_follows_a_word_that_begins_no_pairs_stays_as_it_is(grammar: Path) -> None:
    told, ends = mixed(grammar, EVEN, "a b 1\nb a 40\nb c 40\nc d 80\nd b 80\n")
    assert sums(told, ends) == pytest.approx([1.0] * 6, abs=1e-5)
    assert told[AFTER_A][WORDS["b"]][0] == pytest.approx(0.5)
    assert told[AFTER_A][WORDS["c"]][0] == pytest.approx(0.2)
    assert told[AFTER_B][WORDS["a"]][0] > 0.2


PAIRS = st.dictionaries(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), st.integers(1, 10**12))


@settings(max_examples=200, deadline=None)
@given(words=st.dictionaries(st.sampled_from("abcd"), st.integers(1, 10**12)), pairs=PAIRS)
def test_whatever_is_counted_sums_up_to_one(grammar: Path, words: dict[str, int], pairs: dict[Any, int]) -> None:
    told, ends = mixed(
        grammar,
        "".join(f"{word} {count}\n" for word, count in words.items()),
        "".join(f"{first} {second} {count}\n" for (first, second), count in pairs.items()),
    )
    assert sums(told, ends) == pytest.approx([1.0] * 6, abs=1e-4)
    for state, labels in enumerate(told):
        assert {WORDS[word] for word in FOLLOWING[state]} <= set(labels)
        assert all(0 < share < 1 for label, (share, _) in labels.items() if label)


def write(folder: Path, text: str) -> Path:
    fst = kaldifst.compile(text)
    path = folder / "grammar.fst"
    kaldifst.StdConstFst(fst).write(str(path))
    return path


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("0 1 1 1 1\n1 0 2 2 1\n0\n1\n", "a grammar of 2 states, 2 of which do not back off; expected one"),
        ("0 1 0 0 1\n1 0 0 0 1\n1 2 1 1\n2 2 1 1\n2\n", "a grammar that backs off in a circle"),
        ("0 1 0 0 1\n0 2 0 0 1\n1 2 0 0 1\n2 2 1 1\n2\n", "expected one"),
    ],
)
def test_what_is_no_grammar_that_backs_off_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(ModelError, match=fault):
        mixed(write(tmp_path, text), "a 1\n", "a a 1\n")
