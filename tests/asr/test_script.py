"""Which words meet without a space."""

import pytest

from edge_asr.asr.script import glued, spaceless


@pytest.mark.parametrize("letter", ["好", "か", "ナ", "龥", "㐀", "豈", "，", "。", "１", "𠀀"])
def test_characters_of_scripts_without_spaces(letter: str) -> None:
    assert spaceless(letter)


@pytest.mark.parametrize("letter", ["a", "é", "Я", "1", ",", "한", "ก", ""])
def test_characters_of_all_others(letter: str) -> None:
    assert not spaceless(letter)


@pytest.mark.parametrize(
    ("before", "word", "meets"),
    [
        ("接下来", "的", True),
        ("卡拉OK", "好", False),
        ("OK", "好", False),
        ("好", "OK", False),
        ("think", "pad", False),
        ("v二", "之间", True),
        ("", "好", False),
        ("好", "", False),
    ],
)
def test_the_characters_that_meet_decide(before: str, word: str, *, meets: bool) -> None:
    assert glued(before, word) is meets
