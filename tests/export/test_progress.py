"""Progress: a bar for a terminal, lines for a log."""

import io

import pytest

from edge_asr_export.progress import StepBar

WEIGHTS = {"fetch": 1.0, "build": 3.0}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def work(stream: io.StringIO) -> str:
    bar = StepBar("en", WEIGHTS, stream)
    bar.start("fetch")
    bar.advance(0.5)
    bar.note("little memory")
    bar.start("build")
    bar.tick()
    bar.advance(2.0)
    bar.close()
    return stream.getvalue()


def test_a_log_gets_one_line_for_each_step_and_note() -> None:
    assert work(io.StringIO()) == "en: 1/2 fetch\nen: little memory\nen: 2/2 build\n"


def test_a_terminal_gets_a_bar_that_weighs_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = work(Terminal())
    parts = [shown.index(text) for text in ("en: fetch", " 12%", "en: little memory\n", "en: build", " 25%", "100%")]
    assert parts == sorted(parts)


def test_an_unknown_step_is_refused() -> None:
    with pytest.raises(ValueError, match="rest"):
        StepBar("en", WEIGHTS, io.StringIO()).start("rest")
