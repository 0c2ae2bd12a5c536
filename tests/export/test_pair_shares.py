"""Counted pairs beside what a grammar knows: all that may follow sums up to one, whatever is counted."""

import math
from pathlib import Path
from typing import Any

import kaldifst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_asr.errors import ModelError
from edge_asr_export.pair_shares import mix_pairs
from edge_asr_export.word_counts import WordCounts

WORDS = {"a": 1, "b": 2, "c": 3, "d": 4}
LOWEST, START, AFTER_A, AFTER_B, AFTER_AB, AFTER_D = range(6)
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


def test_without_counts_all_is_as_it_was(grammar: Path) -> None:
    told, ends = mixed(grammar, "other 5\n", "other words 5\n")
    assert sums(told, ends) == pytest.approx([1.0] * 6, abs=1e-5)
    for state, words in FOLLOWING.items():
        assert {label: share for label, (share, _) in told[state].items() if label} == pytest.approx(
            {WORDS[word]: share for word, (share, _) in words.items()}
        )
        assert {label: target for label, (_, target) in told[state].items() if label} == {
            WORDS[word]: target for word, (_, target) in words.items()
        }
        if state in LOWER:
            assert told[state][0] == (pytest.approx(left(state)), LOWER[state])


def test_words_and_pairs_are_mixed_by_their_weights(grammar: Path) -> None:
    told, ends = mixed(grammar, "a 25\nb 25\nc 25\nd 25\n", "a c 30\na b 10\nb a 20\nc d 40\nd b 40\n")
    assert sums(told, ends) == pytest.approx([1.0] * 6, abs=1e-5)
    usual = {word: 0.75 * share + 0.25 * 0.25 for word, (share, _) in FOLLOWING[LOWEST].items()}
    scale = 0.95 / sum(usual.values())
    usual = {word: scale * share for word, share in usual.items()}
    assert {label: share for label, (share, _) in told[LOWEST].items()} == pytest.approx(
        {WORDS[word]: share for word, share in usual.items()}
    )
    # All words are as common, and of 40, 20, 40 and 40 pairs that begin with one the median is 40, for 0.7 of it all.
    after_a = {"b": (0.5, 0.25), "c": (0.2, 0.75)}
    for word, (share, pair) in after_a.items():
        wanted = 0.65 * share + 0.35 * (0.7 * pair + 0.3 * usual[word])
        assert told[AFTER_A][WORDS[word]][0] == pytest.approx(wanted)
    after_two = 0.65 * 0.7 + 0.35 * 0.65 * usual["c"]  # "b" covers half as much, and is never followed by "c"
    assert told[AFTER_AB][WORDS["c"]][0] == pytest.approx(after_two)


def test_a_pair_that_is_added_leads_where_its_word_leads(grammar: Path) -> None:
    told, ends = mixed(grammar, "a 25\nb 25\nc 25\nd 25\n", "a d 40\nb c 40\nc a 40\nd b 40\n")
    assert sums(told, ends) == pytest.approx([1.0] * 6, abs=1e-5)
    assert told[AFTER_A][WORDS["d"]][1] == AFTER_D
    assert told[AFTER_B][WORDS["c"]][1] == LOWEST
    assert told[AFTER_A][WORDS["d"]][0] > 2 * left(AFTER_A) * 0.1
    assert WORDS["d"] not in told[START]  # nothing is said of how a sentence begins


def test_pairs_that_hardly_matter_are_left_out(grammar: Path) -> None:
    told, _ = mixed(grammar, "a 25\nb 25\nc 25\nd 25\n", "a c 400\na d 1\nb a 400\nc b 400\nd d 400\n")
    assert WORDS["d"] not in told[AFTER_A]


def test_a_word_whose_pairs_are_missing_stays_as_it_is(grammar: Path) -> None:
    told, ends = mixed(grammar, "a 25\nb 25\nc 25\nd 25\n", "a b 40\nb a 40\nd a 40\nd b 40\n")
    assert sums(told, ends) == pytest.approx([1.0] * 6, abs=1e-5)
    assert told[AFTER_A][WORDS["c"]][0] == pytest.approx(0.2)
    assert told[AFTER_A][WORDS["b"]][0] > 0.5


def test_what_would_be_too_much_leaves_something_for_the_rest(grammar: Path) -> None:
    told, ends = mixed(grammar, "b 1\nc 1\n", "b c 5\nc b 5\n" + "b a 1\n")
    assert sums(told, ends) == pytest.approx([1.0] * 6, abs=1e-5)
    assert all(told[state][0][0] > 0 for state in LOWER)


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
