"""What the page on commands shows works as it says."""

import re
from pathlib import Path

import pytest

from edge_asr.sentences.compiled import Compiled
from tests.sentences.accepting import compiled, meanings, plain

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def first(tmp_path: Path) -> Compiled:
    return plain(tmp_path, next(text for kind, text in BLOCKS if kind == "text"))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("set the heating to twenty one degrees", ("heating", {"temperature": 21})),
        ("switch off the lights", ("light off", {})),
        ("wake me up at half past seven in the evening", ("wake up", {"time": "19:30"})),
        ("good night", ("good night", {})),
    ],
)
def test_the_first_example(first: Compiled, text: str, meaning: object) -> None:
    assert meanings(first.grammar, text) == [meaning]
    assert not first.doubts


def test_the_example_in_yaml() -> None:
    [house, *more] = [text for kind, text in BLOCKS if kind == "yaml" and not text.startswith("triggers:")]
    found = compiled(house)
    meaning = ("HassTurnOn", {"domain": "light", "name": "light.kaylee", "area": "living room"})
    assert meanings(found.grammar, "please turn on kaylee's lamp in the living room") == [meaning]
    assert found.grammar.sounds == {"kaylee's": (("kay", "lees"),)}
    for text in more:
        assert compiled(f"{text}\nintents: {{Clean: [start kaylee's roomba]}}").grammar.sounds


def test_each_notation_is_one(tmp_path: Path) -> None:
    notation = PAGE.split("## The notation")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \|", notation, re.MULTILINE)
    shown = [one.replace("\\|", "|") for row in rows for one in re.findall(r"`(.*?)`", row)]
    assert len(shown) == 6
    text = "\n".join(f"    - 'do {one}'" for one in shown)
    found = compiled(f"intents:\n  A:\n{text}\nlists: {{room: {{values: [hall]}}}}\nexpansion_rules: {{turn: spin}}\n")
    assert meanings(found.grammar, "do the light now") == [("A", {})]
    assert meanings(found.grammar, "do ten") == [("A", {"count": 10})]
