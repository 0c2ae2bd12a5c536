"""Loops for numbers and letters beside a grammar that hardly knows them."""

from pathlib import Path
from typing import Any

import kaldifst
import pytest

from edge_asr.errors import ModelError
from edge_asr_export.spoken_runs import add_runs, knows_runs

WORDS = {"<eps>": 0, "one": 1, "two": 2, "to": 3, "b": 4, "be": 5, "c": 6, "four": 7, "for": 8, "eight": 9, "a": 10}
RARE, USUAL = 12.0, 6.0


@pytest.fixture
def grammar(tmp_path: Path) -> Path:
    """A start that backs off to one state, where "to" and "be" are usual and numbers and letters are rare."""
    fst = kaldifst.StdVectorFst()
    start, lowest = fst.add_state(), fst.add_state()
    fst.start = start
    fst.add_arc(start, kaldifst.StdArc(0, 0, 1.0, lowest))
    for word, number in WORDS.items():
        if number:
            cost = USUAL if word in {"to", "be", "one", "for", "a"} else RARE
            fst.add_arc(lowest, kaldifst.StdArc(number, number, cost, lowest))
    fst.set_final(lowest, 0.0)
    path = tmp_path / "grammar.fst"
    fst.write(str(path))
    return path


def cost(path: Path, *words: str) -> float:
    """Of the best way through the grammar."""
    line = kaldifst.make_linear_acceptor([WORDS[word] for word in words])
    best = kaldifst.shortest_path(kaldifst.compose(line, kaldifst.StdVectorFst.read(str(path))))
    total, state = 0.0, best.start
    while True:
        arcs = kaldifst.ArcIterator(best, state)
        if arcs.done:
            return total + float(best.final(state).value)
        total += float(arcs.value.weight.value)
        state = arcs.value.nextstate


def test_a_row_of_numbers_becomes_likelier_than_what_sounds_the_same(grammar: Path) -> None:
    assert cost(grammar, "one", "two", "one") > cost(grammar, "one", "to", "one")
    add_runs(grammar, WORDS, "en")
    assert cost(grammar, "one", "two", "one") < cost(grammar, "one", "to", "one")
    assert cost(grammar, "b", "c", "b") < cost(grammar, "be", "c", "be")


def test_a_single_word_costs_what_it_did(grammar: Path) -> None:
    before: Any = {word: cost(grammar, word) for word in WORDS if word != "<eps>"}
    add_runs(grammar, WORDS, "en")
    assert {word: cost(grammar, word) for word in before} == pytest.approx(before)


def test_a_run_goes_on_with_any_word_and_from_numbers_to_letters(grammar: Path) -> None:
    add_runs(grammar, WORDS, "en")
    run = cost(grammar, "one", "two")
    assert cost(grammar, "one", "two", "to") < run + USUAL + 1.5
    assert cost(grammar, "one", "two", "b") < run + RARE


def test_three_words_are_cheaper_that_begin_like_an_everyday_word(grammar: Path) -> None:
    add_runs(grammar, WORDS, "en")
    plain = cost(grammar, "two", "two", "two")
    assert cost(grammar, "four", "two", "two") == pytest.approx(plain - 1.0)
    assert cost(grammar, "eight", "two", "two") == pytest.approx(plain - 1.0)
    assert cost(grammar, "two", "four", "eight") == pytest.approx(plain)
    longer = cost(grammar, "two", "two", "two", "four") - plain
    assert cost(grammar, "four", "two", "two", "four") == pytest.approx(plain - 1.0 + longer)


def test_two_words_that_begin_so_cost_what_others_do(grammar: Path) -> None:
    add_runs(grammar, WORDS, "en")
    assert cost(grammar, "four", "two") == pytest.approx(cost(grammar, "two", "two"))
    assert cost(grammar, "four", "two", "to") == pytest.approx(cost(grammar, "two", "two", "to"))


def test_the_third_word_may_be_a_letter(grammar: Path) -> None:
    add_runs(grammar, WORDS, "en")
    assert cost(grammar, "four", "two", "b") == pytest.approx(cost(grammar, "two", "two", "b") - 1.0)
    assert cost(grammar, "b", "c", "four") == pytest.approx(cost(grammar, "b", "c", "two"))


def test_an_utterance_that_begins_with_a_run_backs_off_as_any_other(grammar: Path) -> None:
    add_runs(grammar, WORDS, "en")
    assert cost(grammar, "two", "two") == pytest.approx(cost(grammar, "to", "two", "two") - USUAL)


def test_words_that_the_table_lacks_make_no_loop(grammar: Path) -> None:
    before = cost(grammar, "one", "two", "one")
    add_runs(grammar, {"one": 1, "to": 3}, "en-GB")
    assert cost(grammar, "one", "two", "one") == pytest.approx(before)


def test_a_file_that_is_none_is_a_model_error(tmp_path: Path) -> None:
    path = tmp_path / "none.fst"
    path.write_bytes(b"none")
    with pytest.raises(ModelError, match=r"none\.fst is not a grammar"):
        add_runs(path, WORDS, "en")


def test_only_languages_with_loops_have_them() -> None:
    assert knows_runs("en-US")
    assert not knows_runs("zh")
