"""Phones by their names: ARPAbet's, none where the sounds are others."""

from pathlib import Path

import pytest

from edge_asr.asr.kaldi.phone_names import ARPABET, names_of, spelled
from edge_asr.errors import ModelError
from tests.asr.kaldi import made_lexicon as made

NUMBERS = {name: 10 + number for number, name in enumerate(ARPABET)}
SAID = {"toy": [["T", "OY"]], "we": [["V", "IY"], ["W", "IY"]]}


def ways(word: str) -> list[list[int]]:
    return [[NUMBERS[name] for name in way] for way in SAID.get(word, [])]


def test_sounds_in_order_have_the_names_of_arpabet() -> None:
    assert names_of(list(NUMBERS.values()), ways) == NUMBERS
    assert spelled("R UW1 m b AH0", NUMBERS) == [NUMBERS[name] for name in ("R", "UW", "M", "B", "AH")]


def test_other_sounds_have_none() -> None:
    numbers = list(NUMBERS.values())
    assert names_of(numbers[:-1], ways) == {}
    assert names_of(numbers, lambda _: []) == {}
    assert names_of(numbers, lambda word: [[10]] if word == "toy" else ways(word)) == {}
    with pytest.raises(ModelError, match="/R UW/: the phones of this model have no names"):
        spelled("R UW", {})


@pytest.mark.parametrize(
    ("text", "said"), [("R XX M", "'XX' is no phone; expected some of AA AE"), ("", "no phones"), ("R3", "'R3' is no")]
)
def test_what_is_no_phone_is_named(text: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        spelled(text, NUMBERS)


def test_a_lexicon_of_other_sounds_says_so(tmp_path: Path) -> None:
    assert "have no names" in made.lexicon(tmp_path).fault_of_phones("R UW")
