from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge_asr.bench import soak as soak_module
from edge_asr.bench.footprint import Footprint
from edge_asr.bench.soak import Play, Soak, measure
from edge_asr.bench.soak_report import share_ms, soak_json, soak_text
from edge_asr.clock import SystemClock
from edge_asr.errors import EdgeAsrError
from tests.bench.fake_stream import fake_stream
from tests.fakes import RATE_HZ, hush, tone


def recordings(folder: Path) -> list[Path]:
    """One utterance of two words, and one file with two of one word."""
    paths = [folder / "one.wav", folder / "two.wav"]
    soundfile.write(paths[0], np.concatenate([hush(0.2), tone(1.1)]), RATE_HZ)
    soundfile.write(paths[1], np.concatenate([tone(0.6), hush(1.2), tone(0.6)]), RATE_HZ)
    return paths


def growing() -> Callable[[], Footprint]:
    """Half a MiB more at every look."""
    held = [100.0]

    def look() -> Footprint:
        held[0] += 0.5
        return Footprint(held[0], 40.0, 2, 5)

    return look


def soaked(folder: Path) -> Soak:
    return measure(recordings(folder), 30, fake_stream(), SystemClock(), growing(), lambda: None)


def test_recordings_come_round_until_enough_has_been_said(tmp_path: Path) -> None:
    soak = soaked(tmp_path)
    assert (soak.utterances, soak.words, soak.plays) == (30, 40, 20)
    assert soak.audio_s == pytest.approx(10 * (1.3 + 2.4 + 2 * 1.2))
    assert (len(soak.early), len(soak.late)) == (2, 2)
    assert (soak.places[-1], soak.after[-4:]) == (30, [0, 1, 0, 1])


def test_free_memory_goes_back_before_each_look_and_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    look = growing()

    def looked() -> Footprint:
        calls.append("look")
        return look()

    monkeypatch.setattr(soak_module, "_LOOKS", 1)  # each time round
    for tidy_s, more in ((3600.0, False), (3.0, True)):
        calls.clear()
        monkeypatch.setattr(soak_module, "TIDY_S", tidy_s)
        measure(recordings(tmp_path), 600, fake_stream(), SystemClock(), looked, lambda: calls.append("give back"))
        assert all(calls[at - 1] == "give back" for at, call in enumerate(calls) if call == "look")
        assert (calls.count("give back") > calls.count("look")) == more


def test_so_few_recordings_are_taken_that_each_comes_ten_times(tmp_path: Path) -> None:
    assert measure(recordings(tmp_path), 12, fake_stream(), SystemClock(), growing(), lambda: None).plays == 12


def test_growth_is_told_by_1000_utterances(tmp_path: Path) -> None:
    soak = Soak(utterances=100, places=[0, 20, 60, 100], after=[0, 0, 0, 0])
    soak.samples = [Footprint(mib, 40.0, 2, 5) for mib in (50.0, 100.0, 101.0, 102.0)]
    assert soak.settled == 1
    assert soak.per_thousand(lambda one: one.anon_mib) == pytest.approx(25.0)
    assert soak.per_thousand(lambda one: one.file_mib) == 0.0


def test_what_a_long_recording_needs_is_no_growth() -> None:
    places = [10 * number for number in range(1, 12)]
    soak = Soak(utterances=110, places=places, after=[number % 3 for number in range(11)])
    held = [50.0 * one + place / 1000 for place, one in zip(places, soak.after, strict=True)]
    soak.samples = [Footprint(mib, 40.0, 2, 5) for mib in held]
    assert soak.per_thousand(lambda one: one.anon_mib) == pytest.approx(1.0)
    assert [soak.after[number] for number in soak.of_the_first()] == [0, 0, 0]
    assert [soak.places[number] for number in soak.of_the_first()] == [10, 40, 100]
    once = Soak(utterances=20, places=[10, 20], after=[0, 1], samples=soak.samples[:2])
    assert once.per_thousand(lambda one: one.anon_mib) is None


def test_a_recording_is_compared_with_itself() -> None:
    soak = Soak()
    soak.early = {0: Play(10.0, 1.0), 1: Play(10.0, 0.1), 2: Play(10.0, 0.2)}
    soak.late = {0: Play(10.0, 1.5), 1: Play(10.0, 0.1), 2: Play(10.0, 0.24)}
    assert soak.drift(share_ms) == pytest.approx((20.0, 24.0, 1.2))
    assert Soak().drift(share_ms) == (None, None, None)


def test_where_nobody_speaks_it_ends(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "still.wav", hush(1.0), RATE_HZ)
    with pytest.raises(EdgeAsrError, match="no utterance was heard in any recording"):
        measure([tmp_path / "still.wav"], 10, fake_stream(), SystemClock(), growing(), lambda: None)


def test_the_report_for_a_person_and_for_a_machine(tmp_path: Path) -> None:
    soak = soaked(tmp_path)
    lines = [line.split() for line in soak_text(soak).splitlines()]
    assert lines[0][:4] == ["30", "utterances,", "40", "words,"]
    held = next(line for line in lines if line[:1] == ["RssAnon,"])
    assert held[2] == "100.5"
    assert held[-1].startswith("+")
    figures = soak_json(soak)
    assert figures["utterances"] == 30
    assert figures["growth_per_1000_utterances"]["descriptors"] == 0.0
    assert len(figures["samples"]) == len(soak.samples)
    assert figures["samples"][0]["anon_mib"] == 100.5
    assert figures["final_cpu_ms"]["ratio"] is not None
