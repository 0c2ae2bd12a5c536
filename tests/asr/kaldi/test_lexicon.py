"""Pronunciations and transitions, read back from a bundle's file."""

from pathlib import Path

import numpy as np
import pytest

from edge_asr.asr.kaldi.labels import Position
from edge_asr.asr.kaldi.lexicon import Lexicon
from edge_asr.errors import ModelError
from tests.asr.kaldi import made_lexicon as made


def test_every_word_sounds_as_it_was_written(tmp_path: Path) -> None:
    lexicon = made.lexicon(tmp_path)
    for word, ways in made.WORDS.items():
        assert word in lexicon
        assert sorted(lexicon.pronunciations(word)) == sorted(made.phones(way) for way in ways)
    for word in ("", "b", "beds", "zebra", "réd"):
        assert word not in lexicon
        assert lexicon.pronunciations(word) == []


def test_words_that_sound_so_together_become_one(tmp_path: Path) -> None:
    lexicon = made.lexicon(tmp_path)
    [run], [a] = lexicon.pronunciations("run"), lexicon.pronunciations("a")
    assert lexicon.joined([run, a]) == made.phones("runa")
    assert lexicon.joined([a]) == made.phones("a")
    assert lexicon.joined([a, a]) == made.phones("aa")


def test_a_pair_that_no_word_has_takes_the_like_of_it(tmp_path: Path) -> None:
    lexicon = made.lexicon(tmp_path)
    inside = made.phone("i", Position.INTERNAL)
    assert (inside, made.phone("e", Position.END)) not in lexicon.contexts
    for before in (made.phone("r", Position.INTERNAL), inside):
        e = made.phone("e", Position.INTERNAL)
        assert lexicon.transition(before, e) == (made.enter(e), made.enter(e) + 1)


def test_a_phone_that_no_word_has_at_all_is_an_error_that_names_it(tmp_path: Path) -> None:
    lexicon = made.lexicon(tmp_path)
    with pytest.raises(ModelError, match=f"phone {made.phone('k', Position.BEGIN)} "):
        lexicon.transition(made.SILENCE, made.phone("k", Position.BEGIN))


@pytest.mark.parametrize(
    ("word", "expected"),
    [("tre", ["tree"]), ("bada", ["bad"]), ("redd", ["red"]), ("gatee", ["gate"]), ("ba", ["bad"]), ("xy", [])],
)
def test_words_that_begin_alike_are_suggested(word: str, expected: list[str], tmp_path: Path) -> None:
    assert made.lexicon(tmp_path).words_near(word, 3)[:1] == expected


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("contexts", made.LABELS + 1, "contexts goes from"),
        ("phones", 0, "phones goes from 0"),
        ("position_of_phone", 9, "position_of_phone goes from 0 to 9"),
        ("word_of_pronunciation", 99, "word_of_pronunciation goes from 0 to 99"),
        ("end_of_pronunciation", 1000, "end_of_pronunciation goes from"),
    ],
)
def test_a_file_whose_numbers_lead_nowhere_is_refused(name: str, value: int, said: str, tmp_path: Path) -> None:
    arrays = made.arrays()
    arrays[name] = arrays[name].copy()
    arrays[name].flat[-1] = value
    np.savez(tmp_path / "lexicon.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=said):
        Lexicon.load(tmp_path / "lexicon.npz", made.LABELS, made.SILENCE)


def test_a_context_of_a_phone_that_is_not_there_is_refused(tmp_path: Path) -> None:
    arrays = made.arrays()
    arrays["contexts"] = arrays["contexts"].copy()
    arrays["contexts"][-1, 0] = made.KINDS
    np.savez(tmp_path / "lexicon.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=f"contexts goes from 0 to {made.KINDS}, expected 0 to {made.KINDS - 1}"):
        Lexicon.load(tmp_path / "lexicon.npz", made.LABELS, made.SILENCE)
