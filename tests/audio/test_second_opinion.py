"""Two detectors together: when the second is asked, and what is known of a pause when its answer comes late."""

from pathlib import Path

import numpy as np
import pytest

from edge_asr.audio.silero import SecondOpinion
from edge_asr.audio.slow_gain import SlowGain
from edge_asr.sensitivity import Thresholds
from tests.audio import tiny_silero
from tests.audio.made_detectors import BLOCK, RATE_HZ, Told, blocks, counted, pair, silero, unvoiced_blocks
from tests.fakes import hush, tone


def test_the_second_is_asked_only_when_the_first_is_sure_and_has_heard_all(network: Path) -> None:
    second = silero(network)
    both = pair(Told("..v.vv"), second)
    sound = blocks(np.concatenate([tone(0.06), hush(0.06)]))
    said = [both.voiced(block) for block in sound]
    assert said == [False, False, True, False, False, False]


@pytest.mark.parametrize("voice_s", [0.14, 1.0, 1.1, 1.2, 1.3, 1.4])
def test_a_voice_is_believed_for_a_moment_and_it_is_then_known_when_it_ended(network: Path, voice_s: float) -> None:
    """The first detector takes the hush behind the voice for more of it."""
    both, alone = pair(Told("v" * 150), silero(network)), silero(network)
    sound = blocks(np.concatenate([tone(voice_s), hush(0.6), tone(0.2)]))
    counts, each_time = (unvoiced_blocks(vad, sound) for vad in (both, alone))
    believed = [at for at, (one, other) in enumerate(zip(counts, each_time, strict=True)) if one == 0 < other]
    assert len(believed) <= 20
    assert all(at >= round(voice_s / 0.02) for at in believed)
    known = [(one, other) for one, other in zip(counts, each_time, strict=True) if one]
    assert len(known) >= 8
    assert all(abs(other - one) <= 1 for one, other in known)  # windows begin between blocks
    assert max(counts) >= 27


@pytest.mark.parametrize("breath", range(2, 20))
def test_a_pause_that_began_before_the_first_heard_it_is_known_too(network: Path, breath: int) -> None:
    """The first detector takes a breath behind the voice for more of it, and then hears a pause."""
    for voice in range(40, 60, 3):
        both, alone = pair(Told("v" * (voice + breath) + "." * 40), silero(network)), silero(network)
        sound = blocks(np.concatenate([tone(voice * 0.02), hush((breath + 40) * 0.02)]))
        counts, each_time = (unvoiced_blocks(vad, sound) for vad in (both, alone))
        assert abs(counts[-1] - each_time[-1]) <= 1
        assert counts[voice + breath + 10 :] == list(range(counts[-1] - 29, counts[-1] + 1))


def test_in_a_pause_it_is_asked_once(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = silero(network)
    both, runs = pair(Told("v" * 45 + "." * 40), second), counted(second, monkeypatch)
    sound = blocks(np.concatenate([tone(0.9), hush(0.8)]))
    unvoiced_blocks(both, sound[:45])
    before = len(runs)
    unvoiced_blocks(both, sound[45:])
    assert len(runs) == before + 1


def test_no_count_is_left_from_a_no_that_came_late(network: Path) -> None:
    for voice in range(40, 62, 2):
        both = pair(Told("v" * (voice + 30) + "." + "v" * 60), silero(network))
        sound = blocks(np.concatenate([tone(voice * 0.02), hush(0.44), tone(0.16), hush(0.02), tone(1.0)]))
        counts = unvoiced_blocks(both, sound[: voice + 31])
        assert max(counts[voice:]) >= 15
        assert 0 in counts[voice:-2]  # the no came late
        assert counts[-2:] == [0, 1]


@pytest.mark.parametrize("after", ["reset", "tune", "silence"])
def test_what_came_late_is_told_once(network: Path, after: str) -> None:
    both = pair(Told("v" * 70 + "."), silero(network))
    for block in blocks(np.concatenate([tone(1.0), hush(0.4)])):
        if not both.voiced(block, later=True) and both.unvoiced_samples > 2 * BLOCK:
            break
    assert both.unvoiced_samples > 2 * BLOCK
    if after == "reset":
        both.reset()
    elif after == "tune":
        both.tune(Thresholds(2, 0.5, 100))
    else:
        both._first = Told(".")
        assert not both.voiced(blocks(hush(0.02))[0], later=True)
    assert both.unvoiced_samples == 0


def test_whoever_cannot_be_told_later_is_told_at_once(network: Path) -> None:
    both, alone = pair(Told("v" * 150), silero(network)), silero(network)
    sound = blocks(np.concatenate([tone(1.0), hush(0.4), tone(0.2)]))
    said, each_time = ([vad.voiced(block) for block in sound] for vad in (both, alone))
    assert said == each_time
    assert not all(each_time[2:])


def test_what_is_asked_now_and_then_is_computed_in_fewer_runs(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = silero(network)
    windows = counted(second, monkeypatch)
    both = pair(Told("v" * 100), second)
    assert all([both.voiced(block, later=True) for block in blocks(tone(1.92))][2:])
    second.agrees()
    assert sum(windows) == 1.92 * RATE_HZ // tiny_silero.WINDOW  # all of it is heard
    assert len(windows) < 8


def test_who_is_believed_is_asked_again_after_a_pause_and_when_told_otherwise(network: Path) -> None:
    for pause in range(40, 55):  # one of them follows an answer at once
        sound = blocks(np.concatenate([tone(pause * 0.02), hush(0.6)]))
        both = pair(Told("v" * pause + "." * 10 + "v" * 20), silero(network))
        assert not any([both.voiced(block, later=True) for block in sound][pause:])
    both = pair(Told("v" * 60), silero(network))
    assert [both.voiced(block, later=True) for block in blocks(tone(1.0))][-1]
    both.tune(Thresholds(2, 1.1, 100))
    assert not both.voiced(blocks(tone(0.02))[0], later=True)


def test_a_short_gap_of_the_first_is_no_reason_to_ask_anew(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = silero(network)
    asked = counted(second, monkeypatch)
    both = pair(Told("v" * 30 + "v.v" * 20), second)
    sound = blocks(tone(1.8))
    for block in sound[:30]:
        both.voiced(block, later=True)
    before = len(asked)
    assert [both.voiced(block, later=True) for block in sound[30:]] == [True, False, True] * 20
    assert len(asked) - before <= 4


def test_the_second_hears_through_the_gain_that_both_share(network: Path) -> None:
    quiet = blocks(tone(0.3, 300))
    deaf, raised = (SecondOpinion(Told("v" * 15), silero(network), SlowGain(RATE_HZ, db)) for db in (0.0, 24.0))
    assert not any(deaf.voiced(block) for block in quiet)
    assert all([raised.voiced(block) for block in quiet][2:])


def test_both_forget_together(network: Path) -> None:
    for length in range(40, 46):  # one of them ends right behind an answer
        first, second = Told("v" * 60), silero(network)
        both = pair(first, second)
        assert [both.voiced(block, later=True) for block in blocks(tone(length * 0.02))][-1]
        both.reset()
        assert first.resets == 1
        assert not any(both.voiced(block, later=True) for block in blocks(hush(0.1)))
        assert not second.agrees()


def test_both_are_tuned_together(network: Path) -> None:
    first, second = Told("v" * 20), silero(network)
    both = pair(first, second)
    both.tune(Thresholds(0, 1.1, 100))
    assert first.mode == 0
    assert not any(both.voiced(block) for block in blocks(tone(0.2)))
