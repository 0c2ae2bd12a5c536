"""Openings of commands as phrases that wake, and what is told of them."""

import math

import pytest

from edge_asr.bench.benchmark_commands import as_templates
from edge_asr.bench.commands_wake import WakeElsewhere, WakeResult, openings, wake_json, wake_text
from edge_asr.config import CommandsConfig, Config
from edge_asr.errors import EdgeAsrError
from edge_asr.sentences.wake import with_wake
from tests.sentences.accepting import compiled, meanings

TEXT = """
context:
  expressions:
    order:
      - "[can I have, give me] [a, an] $size:size latte"
      - "[can I have, give me] latte"
      - "[now, later] tea"
  slots:
    size: [small, large]
"""


def test_openings_are_taken_off_the_commands() -> None:
    phrases, rest = openings(TEXT)
    assert phrases == ["can i have", "give me"]
    found = compiled(as_templates("a.yaml", rest))
    assert meanings(found.grammar, "a small latte") == [("order", {"size": "small"})]
    assert meanings(found.grammar, "give me latte") == []
    assert meanings(found.grammar, "later tea") == [("order", {})]
    whole = with_wake(found.grammar, compiled("intents: {wake: ['give me']}").grammar)
    assert meanings(whole, "give me a small latte") == [("order", {"size": "small"})]


def test_commands_without_openings_are_refused() -> None:
    with pytest.raises(EdgeAsrError, match="the commands begin with no alternatives"):
        openings('      - "$size:size latte"\n')


def test_misses_and_false_alarms_are_counted_at_each_threshold() -> None:
    give = WakeResult("give me", [-0.2, 0.15, math.inf, -0.5], [0.0, 0.4], [0.25, math.inf], [0.35, -0.1])
    elsewhere = WakeElsewhere(1800.0, [0.05, 0.45], [0.5])
    config = Config(commands=CommandsConfig(most_wake_excess=0.3))
    text = wake_text([give], elsewhere, config)
    lines = [line.split() for line in text.splitlines()]
    assert ["give", "me", "4", "75.0", "50.0", "50.0", "50.0"] in lines
    assert ["0.1", "50.0", "50.0", "0.0", "50.0", "2.0"] in lines
    assert ["0.5", "75.0", "100.0", "50.0", "100.0", "6.0"] in lines
    assert "of 1 phrases at once, in 30 minutes of other speech and noise" in text
    assert wake_json([give], elsewhere)["phrases"][0]["alone"] == [-0.2, 0.15, None, -0.5]
