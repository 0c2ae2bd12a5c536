"""Sentences that are made up to be compiled: as many as they are to be, and what compiling them costs."""

from pathlib import Path

import pytest

from edge_asr.bench import commands_compile
from edge_asr.bench.commands_compile import CompileCost, compile_text, graph_bytes
from edge_asr.sentences.compiled import compile_definitions
from edge_asr.sentences.plain_list import read_plain_list
from edge_asr.sentences.yaml_file import read_definitions
from tests.asr.kaldi import made_lexicon as made


@pytest.mark.parametrize("count", commands_compile.VALUES)
def test_a_template_stands_for_so_many_sentences(count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands_compile, "_WORDS", len(made.WORDS))
    lexicon = made.lexicon(tmp_path)
    text = (
        commands_compile.sentences(lexicon, "template", count)
        .replace("the ", "")
        .replace(" in ", " on ")
        .replace(" to ", " on ")
    )
    assert compile_definitions(read_definitions("a.yaml", text, "en"), lexicon, "en").expansions == count


def test_a_list_has_so_many_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands_compile, "_WORDS", len(made.WORDS))
    lexicon = made.lexicon(tmp_path)
    text = commands_compile.sentences(lexicon, "list", 1000)
    assert text == commands_compile.sentences(lexicon, "list", 1000)
    compiled = compile_definitions(read_plain_list("a.txt", text), lexicon, "en")
    assert compiled.expansions == 1000
    assert compiled.words == len(made.WORDS)


def test_costs_are_a_line_each() -> None:
    cost = CompileCost("list", 1000, 0.5, 0.25, 0.7, 100, 200, 12.0)
    assert graph_bytes(cost) == 100 * 20 + 200 * 16
    heading, line = compile_text([cost]).splitlines()
    assert heading.split()[-3:] == ["peak", "MiB", "more"]
    assert line.split() == ["1000", "as", "a", "list", "0.500", "0.250", "0.700", "100", "200", "5", "12"]
