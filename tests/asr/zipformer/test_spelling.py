"""Words out of tokens, and tokens out of words, in every kind of table."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.asr.result import Hypothesis
from edge_asr.asr.zipformer.spelling import NOTHING_SPELT, spell, spell_on, words
from edge_asr.asr.zipformer.token_path import TokenPath
from edge_asr.asr.zipformer.tokens import SPACE, Tokens

OUTPUT_S = 0.04


def read(tokens: Tokens, *said: str, heard_s: float = 9.0) -> Hypothesis:
    """Each token one output after the other, ever less sure."""
    path = TokenPath()
    for output, token in enumerate(said):
        path = path.said(tokens.number[token], output, -0.1 * output)
    return Hypothesis(words(path, tokens, OUTPUT_S, heard_s), heard_s, 0.0, timed=True)


def test_pieces_become_words_with_their_times_and_mean_shares() -> None:
    tokens = Tokens(["<blk>", "<unk>", "▁HE", "LLO", "▁THE", "RE", "'S"])
    heard = read(tokens, "▁HE", "LLO", "<unk>", "▁THE", "RE", "'S", heard_s=0.22)
    assert heard.text == "HELLO THERE'S"
    first, second = heard.words
    assert (first.start_s, first.end_s) == pytest.approx((0.0, 0.08))
    assert (second.start_s, second.end_s) == pytest.approx((0.12, 0.22))  # the recording ends there
    assert first.confidence == pytest.approx(math.exp(-0.05))
    assert second.confidence == pytest.approx(math.exp(-0.4))


def test_chinese_characters_have_times_of_their_own_and_no_spaces() -> None:
    tokens = Tokens(["<blk>", "你", "好", "▁OK", "AY", "▁世"])
    heard = read(tokens, "你", "好", "▁OK", "AY", "你", "▁世", "好")
    assert heard.text == "你好 OKAY你世好"
    assert [word.word for word in heard.words] == ["你", "好", "OKAY", "你", "世", "好"]
    assert heard.words[1].start_s == pytest.approx(0.04)


def test_a_character_of_several_bytes_and_a_broken_one() -> None:
    tokens = Tokens(["<blk>", "▁", "<0xC3>", "<0xA9>", "t", "<0xE4>", "<0xBD>", "<0xA0>"])
    heard = read(tokens, "▁", "<0xC3>", "<0xA9>", "t", "<0xC3>", "<0xA9>")
    assert heard.text == "été"
    assert (heard.words[0].start_s, heard.words[0].end_s) == pytest.approx((0.04, 0.24))
    assert read(tokens, "<0xE4>", "<0xBD>", "<0xA0>").text == "你"
    assert read(tokens, "<0xE4>", "<0xBD>", "t").text == "t"
    assert read(tokens, "<0xE4>").text == ""


def test_byte_level_pieces() -> None:
    tokens = Tokens(["<blk>", SPACE, "▁Ƌţ", "Ņ", "ƌŋţ", "▁ƌŋţ", "I", "▁H"])
    assert tokens.byte_level
    assert read(tokens, "▁Ƌţ", "Ņ", "▁ƌŋţ", "▁H", "I", "▁", "ƌŋţ").text == "你好 HI 好"
    assert not Tokens(["<blk>", "ƌ", "你"]).byte_level
    assert not Tokens(["<blk>", "A", "▁B"]).byte_level


def test_marks_are_never_read_out() -> None:
    tokens = Tokens(["<blk>", "<sos/eos>", "<unk>", "<|zh|>", "A"])
    assert read(tokens, "<sos/eos>", "A", "<unk>", "<|zh|>").text == "A"


def test_a_phrase_is_spelt_by_the_merges_in_their_order() -> None:
    letters = [*"▁HELOWRD"]
    tokens = Tokens(["<blk>", "<sos/eos>", "<unk>", "▁H", "LO", "▁HE", "EL", "OR", *letters])

    def pieces(phrase: str) -> list[str] | None:
        spelt = spell(phrase, tokens)
        return None if spelt is None else [tokens.table[number] for number in spelt]

    assert pieces("HELLO") == ["▁HE", "L", "LO"]
    assert pieces("hello World") == ["▁HE", "L", "LO", "▁", "W", "OR", "L", "D"]
    assert pieces("HEX") is None


def test_a_phrase_in_characters_and_bytes() -> None:
    characters = Tokens(["<blk>", "你", "好", "▁A"])
    assert spell("你好 A", characters) == (1, 2, 3)
    assert spell("你们", characters) is None
    byte_level = Tokens(["<blk>", "▁", "Ƌţ", "▁Ƌţ", "Ņ", "Ƌ", "ţ", "H"])
    assert spell("你", byte_level) == (3, 4)
    assert spell("h", byte_level) == (1, 7)


MIXED = ["<blk>", "<unk>", "▁", "▁A", "▁BE", "C", "▁D▁E", "▁你", "好", "<0xE4>", "<0xB8>", "<0x96>", "▁<x>", "'S"]


@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(1, len(MIXED) - 1), max_size=4)), max_size=12))
def test_spelling_on_is_spelling_all_of_it(steps: list[tuple[int, list[int]]]) -> None:
    tokens = Tokens(MIXED)
    path, spelt = TokenPath(), NOTHING_SPELT
    for output, (taken_back, said) in enumerate(steps):
        keep = max(0, len(path.tokens) - taken_back)
        path = TokenPath(path.tokens[:keep], path.outputs[:keep], path.log_shares[:keep])
        for place, token in enumerate(said):
            path = path.said(token, 4 * output + place, -0.1 * place)
        spelt = spell_on(spelt, path, tokens, OUTPUT_S, 99.0)
        assert spelt.words == words(path, tokens, OUTPUT_S, 99.0)


def test_words_that_stand_are_not_read_again() -> None:
    tokens = Tokens(["<blk>", "▁A", "B"])
    path = TokenPath()
    for output in range(20):
        path = path.said(1 + output % 2, output, 0.0)
    spelt = spell_on(NOTHING_SPELT, path, tokens, OUTPUT_S, 9.0)
    assert (spelt.seam, spelt.settled, len(spelt.words)) == (18, 9, 10)
    on = spell_on(spelt, path.said(1, 20, 0.0), tokens, OUTPUT_S, 9.0)
    assert all(one is other for one, other in zip(on.words[:9], spelt.words[:9], strict=True))
    assert (on.seam, on.settled) == (20, 10)
