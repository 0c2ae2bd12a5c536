"""Hours of other speech made of minutes, and what is counted in them; the ear is told what it hears."""

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.grammar import Command, Slot
from edge_asr.audio.chunk import Samples
from edge_asr.bench.commands import Heard, loudest
from edge_asr.bench.false_hours import FalseHours, Said, amplified, at_speed, hear_for, minutes
from edge_asr.bench.false_hours_report import false_json, false_text
from edge_asr.cli.bench_false import other_speech, read_commands
from edge_asr.cli.bench_options import hours
from edge_asr.clock import SystemClock
from edge_asr.errors import EdgeAsrError
from tests.fakes import RATE_HZ, tone

SAID = [Said("a", tone(25.0, 300)), Said("b", tone(50.0, 12_000)), Said("c", tone(4.0, 3000))]
NOISES = {"tap": tone(12.0, 500), "kitchen": tone(15.0, 900)}


class CountingEar:
    """Hears a lamp in every minute, each time by another excess."""

    name = "edge_asr"

    def __init__(self, *excesses: float) -> None:
        self.lengths: list[int] = []
        self._excesses = itertools.cycle(excesses)

    def hear(self, samples: Samples) -> Heard:
        self.lengths.append(len(samples))
        slots = {"room": Slot("hall", "hall", 1.0)}
        return Heard([Command("lamp", slots, 0.9, next(self._excesses))], 2.0)


def test_the_seed_is_that_of_the_minutes_and_told() -> None:
    heard = []

    class Keeping(CountingEar):
        def hear(self, samples: Samples) -> Heard:
            heard.append(samples)
            return super().hear(samples)

    *_, found = hear_for(Keeping(0.1), SAID, NOISES, 1 / 60, RATE_HZ, 9)
    assert np.array_equal(heard[0], next(minutes(SAID, NOISES, RATE_HZ, 9)).samples)
    assert not np.array_equal(heard[0], next(minutes(SAID, NOISES, RATE_HZ)).samples)
    assert false_json(found)["seed"] == 9


def test_the_same_seed_gives_the_same_minutes_and_no_two_are_alike() -> None:
    first, second = (list(itertools.islice(minutes(SAID, NOISES, RATE_HZ), 6)) for _ in range(2))
    assert all(np.array_equal(one.samples, other.samples) for one, other in zip(first, second, strict=True))
    assert [len(one.samples) for one in first] == [60 * RATE_HZ] * 6
    assert len({one.samples.tobytes() for one in first}) == 6
    assert len({one.snr_db for one in first}) == 6
    other = next(minutes(SAID, NOISES, RATE_HZ, seed=9))
    assert not np.array_equal(other.samples, first[0].samples)


def test_the_noises_take_turns_and_every_recording_comes_again() -> None:
    found = list(itertools.islice(minutes(SAID, NOISES, RATE_HZ), 8))
    assert [one.noise for one in found] == ["tap", "kitchen"] * 4
    assert all(0 <= one.snr_db <= 24 for one in found)
    for half in (found[:4], found[4:]):
        assert {name for one in half for name in one.names} == {"a", "b", "c"}


def test_soft_and_loud_recordings_are_brought_to_one_level() -> None:
    """So that a noise at some distance is as far from both."""
    still = {"tap": np.ones(RATE_HZ, np.int16)}
    both = [Said("soft", tone(25.0, 300)), Said("loud", tone(25.0, 12_000))]
    levels = [loudest(next(minutes([one], still, RATE_HZ)).samples) for one in both]
    assert levels[0] == pytest.approx(levels[1], rel=0.1)


@pytest.mark.parametrize("speed", [0.9, 1.1])
def test_at_another_speed_it_is_shorter_or_longer_and_the_pitch_moves(speed: float) -> None:
    samples = tone(2.0, 4000)
    played = at_speed(samples, speed)
    assert len(played) == pytest.approx(len(samples) / speed, abs=2)

    def pitch_hz(sound: NDArray[Any]) -> float:
        return float(np.abs(np.fft.rfft(sound)).argmax() * RATE_HZ / len(sound))

    assert pitch_hz(played) == pytest.approx(pitch_hz(samples) * speed, rel=0.02)


def test_nothing_becomes_louder_than_full_scale() -> None:
    assert np.abs(amplified(tone(0.5, 20_000), 3.0).astype(int)).max() == 32767
    assert np.abs(amplified(tone(0.5, 2000), 3.0).astype(int)).max() == pytest.approx(6000, abs=2)
    assert not amplified(np.zeros(100, np.int16), 3.0).any()


def test_as_much_is_heard_as_was_asked_for() -> None:
    ear = CountingEar(0.05, 0.3, math.inf)
    *_, found = hear_for(ear, SAID, NOISES, 0.125, RATE_HZ)
    assert ear.lengths == [60 * RATE_HZ] * 7 + [30 * RATE_HZ]
    assert (found.audio_s, found.speech_s, found.cpu_s) == (450.0, 79.0, 16.0)
    assert [(one.name, one.audio_s, len(one.excesses)) for one in found.elsewhere] == [
        ("speech in tap", 240.0, 4),
        ("speech in kitchen", 210.0, 4),
    ]
    assert [one.false_commands(0.1) for one in found.elsewhere] == [2, 1]
    distances = [minute.snr_db for minute in itertools.islice(minutes(SAID, NOISES, RATE_HZ), 8)]
    for low_db, band in zip((0, 6, 12, 18), found.by_distance, strict=True):
        within = [number for number, snr_db in enumerate(distances) if low_db <= snr_db < low_db + 6]
        assert band.name == f"noise {low_db} to {low_db + 6} dB below"
        assert band.audio_s == sum(30.0 if number == 7 else 60.0 for number in within)
        assert len(band.excesses) == len(within)
    assert [(one.command, one.noise) for one in found.mistaken[:2]] == [
        ("lamp room=hall", "tap"),
        ("lamp room=hall", "kitchen"),
    ]
    assert len(found.mistaken) == 6  # what fits infinitely badly is nothing
    told = false_json(found)
    assert json.loads(json.dumps(told))["mistaken"][0]["names"]


def test_the_report_tells_the_bound_beside_the_number_and_what_it_is_not() -> None:
    *_, found = hear_for(CountingEar(0.05, 0.3), SAID, NOISES, 1.0, RATE_HZ)
    lines = [line.split() for line in false_text(found, 0.1).splitlines()]
    assert ["speech", "in", "tap", "30.0", "30", "60.00", "81.38"] in lines
    assert ["speech", "in", "kitchen", "30.0", "0", "0.00", "5.99"] in lines
    assert ["all", "of", "it", "60.0", "30", "30.00", "40.69"] in lines
    assert ["0.0", "0", "0.00", "3.00"] in lines
    assert ["0.3", "60", "60.00", "74.39"] in lines
    assert ["lamp", "room=hall", "60", "30", "0.05"] in lines
    assert "the same 1 minutes of speech over and over in other dress" in false_text(found, 0.1)
    assert "not 1.0 hours of other people" in false_text(found, 0.1)


def test_a_run_too_short_for_every_noise_is_told_all_the_same() -> None:
    found: FalseHours
    *_, found = hear_for(CountingEar(2.0), SAID, NOISES, 0.01, RATE_HZ)
    lines = [line.split() for line in false_text(found, 0.1).splitlines()]
    assert ["speech", "in", "kitchen", "0.0", "0"] in lines  # and no figure for an hour of it
    assert "taken for" not in false_text(found, 0.1)


def test_sentences_may_be_the_benchmarks_or_anybodys(tmp_path: Path) -> None:
    (tmp_path / "coffee.yaml").write_text('context:\n  expressions:\n    order: ["[a, the] tea"]\n  slots: {x: [y]}\n')
    (tmp_path / "home.txt").write_text("good night\n")
    (tmp_path / "home.yaml").write_text("intents: {Night: [sleep well]}\n")

    def texts(name: str) -> list[str]:
        blocks = read_commands(tmp_path / name, "en").blocks
        return [one.text for block in blocks for one in block.sentences]

    assert texts("coffee.yaml") == ["(a|the) tea"]
    assert texts("home.txt") == ["good night"]
    assert texts("home.yaml") == ["sleep well"]


def test_commands_are_no_other_speech(tmp_path: Path) -> None:
    row = {"path": "a.flac", "text": "tea", "lang": "en", "intent": "order", "slots": {}}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(row))
    (tmp_path / "a.flac").touch()
    with pytest.raises(EdgeAsrError, match="every recording is a command; add other speech"):
        other_speech(tmp_path, RATE_HZ, SystemClock())


@pytest.mark.parametrize("text", ["0", "-1", "1001", "many", "nan", "inf"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(Exception, match=r"expected hours, from 0\.01 to 1000"):
        hours(text)
