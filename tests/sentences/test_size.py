"""Many sentences in little room, and too many in one clear error."""

from pathlib import Path

import pytest

from edge_asr.errors import SentencesError
from edge_asr.sentences.compiled import compile_definitions
from edge_asr.sentences.yaml_file import read_definitions
from tests.sentences.accepting import AllWords, compiled, meanings, plain


def test_a_billion_sentences_are_counted_and_not_written_out() -> None:
    either = " ".join(f"(a{letter}|b{letter})" for letter in "abcdefghijklmnopqrstuvwxyzabcd")
    found = compiled(f"intents: {{L: ['{either}']}}")
    assert found.expansions == 2**30
    assert found.states < 100
    found = compiled(f"intents: {{L: ['{either} {either} {either} {either}']}}")
    assert found.expansions == 2**120


def test_a_permutation_of_six_is_the_lattice_of_what_is_left() -> None:
    found = compiled("intents: {L: ['(a;b;c;d;e;f)']}")
    assert found.expansions == 720
    assert found.states < 500
    assert meanings(found.grammar, "f b a d c e") == [("L", {})]
    assert meanings(found.grammar, "f b a d c f") == []


def test_rules_that_double_each_other_are_stopped() -> None:
    rules = "\n".join(f"  r{level}: '<r{level + 1}> <r{level + 1}>'" for level in range(40))
    text = f"intents: {{L: ['<r0>']}}\nexpansion_rules:\n{rules}\n  r40: hello\n"
    doubling = read_definitions("house.yaml", text, "en")
    with pytest.raises(
        SentencesError, match=r"house.yaml:1:16: with this sentence the list is too big: more than 300000"
    ):
        compile_definitions(doubling, AllWords(), "en", 300_000)


def test_words_glued_from_too_many_pieces_are_stopped() -> None:
    glued = read_definitions("house.yaml", f"intents: {{L: ['{'(a|b)' * 40}']}}", "en")
    with pytest.raises(SentencesError, match="the list is too big: more than 50000"):
        compile_definitions(glued, AllWords(), "en", 50_000)


def test_pieces_of_a_word_count_by_their_letters() -> None:
    word = read_definitions("house.yaml", f"intents: {{L: ['{'(a)' * 200}']}}", "en")
    assert compile_definitions(word, AllWords(), "en", 2000).expansions == 1
    with pytest.raises(SentencesError, match=r"house.yaml:1:16: with this sentence the list is too big"):
        compile_definitions(word, AllWords(), "en", 1000)


def test_lists_of_numbers_share_what_a_file_may_hold() -> None:
    lists = "\n".join(f"  n{number}: {{range: {{from: 0, to: 99999}}}}" for number in range(21))
    with pytest.raises(SentencesError, match=r"house.yaml: more than 2000000 values; divide the file"):
        compiled(f"intents: {{L: [hello]}}\nlists:\n{lists}\n")


def test_long_ways_to_say_a_time_are_not_written_out_for_each_minute() -> None:
    minutes = ", ".join(map(str, range(60)))
    ways = f"ways: [{{say: '{'{hour} ' * 2000}', at: [{minutes}]}}], parts: [], named: {{}}"
    with pytest.raises(SentencesError, match=r"house.yaml: more than 2000000 values"):
        compiled(f"intents: {{L: [hello]}}\nlists: {{time: {{clock: {{{ways}}}}}}}\n")


def test_ten_thousand_different_sentences_share_their_beginnings(tmp_path: Path) -> None:
    words = [first + second for first in "abcdefghij" for second in "abcdefghij"]
    found = plain(tmp_path, "\n".join(f"turn {one} to {other}" for one in words for other in words))
    assert (found.templates, found.expansions, found.intents) == (10_000, 10_000, 10_000)
    assert found.states == 2 + 1 + 100 + 100
    assert len(found.grammar.tokens) == 1 + 2 + 100  # each is its own intent, which no word has to tell
    assert meanings(found.grammar, "turn ab to ji") == [("turn ab to ji", {})]
    named = "\n".join(f"{one}{other} = turn {one} to {other}" for one in words for other in words)
    found = plain(tmp_path, named)
    assert found.states == 2 + 1 + 100 + 100
    assert meanings(found.grammar, "turn ab to ji") == [("abji", {})]
