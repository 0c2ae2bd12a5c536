"""Ours and a peer at one microphone: what is timed, and from where; with a clock that is moved by hand."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from subprocess import Popen
from typing import Literal, cast

import msgspec
import pytest
import soundfile

from edge_asr.bench.beside import Beside, Heed, Playing, Wait, measure
from edge_asr.bench.beside_report import beside_json, beside_text
from edge_asr.bench.ear import Ear
from edge_asr.bench.saying import Saying
from edge_asr.clock import NS_PER_S
from edge_asr.errors import EdgeAsrError
from tests.fakes import RATE_HZ, HandClock, hush, tone

SPEECH_S = 2.0
BEFORE_S = 0.5  # the player needs so long to begin
Part = tuple[float, Literal["open", "text", "final"], str]  # seconds after the play, kind, segment


def at(seconds: float) -> int:
    return round(seconds * NS_PER_S)


def said(kind: Literal["open", "text", "final"], at_s: float, segment: str = "1", began_s: float = 1.0) -> Saying:
    return Saying(kind, at(at_s), segment, at(began_s), has_text=kind != "open")


def heed(*sayings: Saying) -> Heed:
    taken = Heed()
    for saying in sayings:
        taken.take(saying)
    return taken


def rounded(wait: Wait) -> Wait:
    """To whole milliseconds."""
    first_ms, final_ms = (None if value is None else round(value) for value in (wait.first_ms, wait.final_ms))
    return replace(wait, first_ms=first_ms, final_ms=final_ms)


def test_first_text_is_timed_from_the_beginning_and_the_final_from_the_end() -> None:
    taken = heed(said("open", 1.1), said("text", 1.5), said("text", 2.0), said("final", 3.7))
    assert taken.answered(at(3.0))
    assert rounded(taken.wait("a", at(1.0), at(3.0))) == Wait("a", 500.0, 700.0)


def test_how_long_ago_it_decided_is_the_answering_finals_own_word() -> None:
    taken = heed(
        said("text", 1.5), msgspec.structs.replace(said("final", 2.0), decided_ms=70.0), said("open", 2.5, "2", 2.4)
    )
    taken.take(msgspec.structs.replace(said("final", 3.7, "2", 2.4), decided_ms=30.0))
    assert taken.wait("a", at(1.0), at(3.0)).decided_ms == 30.0
    assert taken.wait("a", at(1.0), at(3.8)).decided_ms is None  # it came too early


def test_of_several_segments_the_last_is_the_answer() -> None:
    taken = heed(said("final", 2.0), said("open", 2.4, "2", 2.2))
    before = taken.answered(at(3.0))
    taken.take(said("final", 3.4, "2", 2.2))
    assert (before, taken.answered(at(3.0))) == (False, True)
    assert taken.wait("a", at(1.0), at(3.0)).final_ms == pytest.approx(400.0)


def test_what_is_invented_after_the_end_is_not_the_answer() -> None:
    taken = heed(said("final", 3.4), said("final", 5.0, "2", 3.2))
    assert taken.wait("a", at(1.0), at(3.0)).final_ms == pytest.approx(400.0)


def test_who_is_done_before_the_end_has_not_heard_it_all() -> None:
    taken = heed(said("text", 1.2), said("final", 2.9))
    wait = taken.wait("a", at(1.0), at(3.0))
    assert not taken.answered(at(3.0))  # it may be behind
    assert rounded(wait) == Wait("a", 200.0, None, too_early=True)


def test_a_final_without_text_closes_and_does_not_answer() -> None:
    taken = heed(said("open", 1.1), Saying("final", at(3.5), "1", at(1.0), has_text=False))
    assert not taken.answered(at(3.0))
    assert taken.wait("a", at(1.0), at(3.0)) == Wait("a", None, None)


class Stage:
    """A clock, a microphone, and who hears what is played into it."""

    forgetful = False

    def __init__(self) -> None:
        self.clock = HandClock()
        self.played_ns: list[int] = []
        self.code = 0

    def play(self, _path: Path) -> "Popen[bytes]":
        self.played_ns.append(self.clock.monotonic_ns())
        return cast("Popen[bytes]", self)

    def poll(self) -> int | None:
        return self.code if self.clock.monotonic_ns() > self.played_ns[-1] + at(BEFORE_S + SPEECH_S) else None

    def mark(self) -> None:
        pass

    def speech_ns(self, level: float) -> tuple[int, int] | None:
        assert level == pytest.approx(800, rel=0.01)
        return self.played_ns[-1] + at(BEFORE_S), self.played_ns[-1] + at(BEFORE_S + SPEECH_S)

    def playing(self) -> Playing:
        return Playing(self.play, cast("Ear", self), self.clock)


class Scripted:
    """Says the same of everything that is played while it hears."""

    def __init__(self, name: str, stage: Stage, parts: Sequence[Part]) -> None:
        self.name = name
        self.hears = False
        self.turns: list[int] = []  # how often a sentence had been played when it began
        self._stage, self._parts = stage, parts
        self._left: list[Part] | None = None

    def begin(self) -> None:
        assert not self.hears
        self.hears, self._left = True, None
        self.turns.append(len(self._stage.played_ns))

    def end(self) -> None:
        assert self.hears
        self.hears = False

    def next(self, wait_s: float) -> Saying | None:
        assert self.hears
        clock, played_ns = self._stage.clock, self._stage.played_ns
        if len(played_ns) > self.turns[-1] and self._left is None:
            self._left = list(self._parts)
        if self._left and clock.monotonic_ns() >= played_ns[-1] + at(self._left[0][0]):
            at_s, kind, segment = self._left.pop(0)
            return Saying(kind, played_ns[-1] + at(at_s), segment, played_ns[-1] + at(0.6), kind != "open")
        clock.advance_s(max(wait_s, 0.001))
        return None


@pytest.fixture
def sentence(tmp_path: Path) -> Path:
    path = tmp_path / "one.wav"
    soundfile.write(path, tone(1.0), RATE_HZ)
    return path


QUICK: tuple[Part, ...] = ((0.7, "open", "1"), (0.9, "text", "1"), (3.0, "final", "1"))
SLOW: tuple[Part, ...] = ((1.1, "open", "1"), (1.1, "text", "1"), (9.5, "final", "1"))


@pytest.mark.parametrize("together", [False, True])
def test_every_sentence_is_played_to_both(together: bool, sentence: Path) -> None:
    stage = Stage()
    ours, peer = Scripted("ours", stage, QUICK), Scripted("peer", stage, SLOW)
    result = measure(stage.playing(), [ours, peer], [sentence], 2, together=together)
    assert len(stage.played_ns) == (2 if together else 4)
    assert ours.turns == ([0, 0, 1] if together else [0, 0, 2])  # the first is to see that it can
    assert peer.turns == ([0, 0, 1] if together else [0, 1, 3])
    assert result.together == together
    for name, first_ms, final_ms in (("ours", 400.0, 500.0), ("peer", 600.0, 7000.0)):
        for wait in result.waits[name]:
            assert rounded(wait) == Wait("one.wav", first_ms, final_ms)


def test_who_never_answers_is_waited_for_in_vain(sentence: Path) -> None:
    stage = Stage()
    silent = Scripted("peer", stage, [])
    wait = stage.playing().turn(sentence, [silent])["peer"]
    assert wait == Wait("one.wav", None, None)
    waited_s = (stage.clock.monotonic_ns() - stage.played_ns[0]) / NS_PER_S
    assert waited_s == pytest.approx(BEFORE_S + SPEECH_S + 20.0, abs=0.2)


def test_a_player_that_fails_is_said_to_have(sentence: Path) -> None:
    stage = Stage()
    stage.code = 1
    with pytest.raises(EdgeAsrError, match=r"one.wav' cannot be played into the virtual microphone; give WAV or FLAC"):
        stage.playing().turn(sentence, [Scripted("peer", stage, QUICK)])


def test_a_recording_that_is_too_long_is_refused(sentence: Path) -> None:
    stage = Stage()
    stage.forgetful = True
    with pytest.raises(EdgeAsrError, match="longer than the second listener remembers; give recordings below 50 s"):
        stage.playing().turn(sentence, [Scripted("peer", stage, QUICK)])


LATE: tuple[Part, ...] = ((0.7, "open", "1"), (2.0, "final", "1"), (9.0, "open", "2"), (9.1, "final", "2"))


def test_who_is_behind_is_waited_for(sentence: Path) -> None:
    stage = Stage()
    wait = stage.playing().turn(sentence, [Scripted("peer", stage, LATE)])["peer"]
    assert rounded(wait) == Wait("one.wav", 1500.0, 6600.0)


def test_silence_is_no_sentence(sentence: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    monkeypatch.setattr(stage, "speech_ns", lambda _level: None)
    soundfile.write(sentence, hush(1.0), RATE_HZ)
    with pytest.raises(EdgeAsrError, match="no speech was heard; give a recording with speech in it"):
        stage.playing().turn(sentence, [Scripted("peer", stage, QUICK)])


def test_the_report_divides_ours_by_theirs() -> None:
    ours = [Wait("a", 400.0, 600.0, decided_ms=20.0), Wait("b", 500.0, 700.0), Wait("c", None, None)]
    theirs = [
        Wait("a", 800.0, 1400.0, decided_ms=80.0),
        Wait("b", 900.0, None, too_early=True),
        Wait("c", 1000.0, 2800.0),
    ]
    beside = Beside({"edge_asr": ours, "peer": theirs}, together=False)
    lines = beside_text(beside).splitlines()
    assert lines[1].split()[-4:] == ["2", "450.0", "500.0", "500.0"]
    assert lines[3].split()[-4:] == ["-", "0.50", "0.50", "-"]
    assert lines[6].split()[-4:] == ["-", "0.31", "0.25", "-"]
    assert lines[7].split()[-4:] == ["1", "20.0", "20.0", "20.0"]
    assert lines[9].split()[-4:] == ["-", "0.25", "0.25", "-"]
    assert lines[10].startswith("Timed by a second listener; each sentence was played to one after the other")
    assert "moonshine-voice when its last transcription begins" in lines[11]
    assert lines[12:] == [
        "edge_asr: 1 of 3 sentences had no final: c",
        "peer: 1 of 3 sentences had a final before the end of the speech, and none after it: b",
    ]
    figures = beside_json(beside)
    assert figures["waits"]["final_ms"]["peer"] == {
        "n": 2,
        "median_ms": 2100.0,
        "p95_ms": 2800.0,
        "ours_to_its_median": pytest.approx(650 / 2100),
        "ours_to_its_p95": 0.25,
    }
    assert figures["waits"]["final_ms"]["edge_asr"] == {"n": 2, "median_ms": 650.0, "p95_ms": 700.0}
    assert len(figures["sentences"]["peer"]) == 3


def test_a_report_without_values_has_no_ratio() -> None:
    nothing = [Wait("a", None, None)]
    beside = Beside({"edge_asr": nothing, "peer": nothing}, together=True)
    assert beside_text(beside).count("ours / peer") == 3
    assert "at the same time" in beside_text(beside)
    assert beside_json(beside)["waits"]["final_ms"]["peer"]["ours_to_its_p95"] is None


def test_each_peer_is_held_against_ours() -> None:
    waits = {
        name: [Wait("a", 400.0, final_ms)]
        for name, final_ms in (("edge_asr", 600.0), ("slow", 2400.0), ("quick", 300.0))
    }
    beside = Beside(waits, together=False)
    ratios = [line.split()[-3:] for line in beside_text(beside).splitlines() if line.startswith("  ours")]
    assert ratios == [
        *[["1.00", "1.00", "-"]] * 2,
        ["0.25", "0.25", "-"],
        ["2.00", "2.00", "-"],
        *[["-", "-", "-"]] * 2,
    ]
    figures = beside_json(beside)["waits"]["final_ms"]
    assert [figures[name]["ours_to_its_median"] for name in ("slow", "quick")] == [0.25, 2.0]
