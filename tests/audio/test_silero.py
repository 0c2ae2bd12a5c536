"""The neural detector's windows, memory and run-up, on a network of a few hundred bytes."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.audio.silero import SecondOpinion, SileroVad
from edge_asr.audio.slow_gain import SlowGain
from edge_asr.errors import ModelError, RecognitionError
from edge_asr.sensitivity import Thresholds
from tests.audio import tiny_silero
from tests.fakes import hush, tone

RATE_HZ = 16_000
BLOCK = 320


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("silero") / "vad.onnx"
    path.write_bytes(tiny_silero.network())
    return path


def silero(network: Path, max_gain_db: float = 0.0) -> SileroVad:
    return SileroVad(network, tiny_silero.WINDOW, tiny_silero.CONTEXT, RATE_HZ, 0.5, max_gain_db)


def pair(first: "Told", second: SileroVad) -> SecondOpinion:
    return SecondOpinion(first, second, SlowGain(RATE_HZ, 0.0))


def unvoiced_blocks(vad: SecondOpinion | SileroVad, sound: list[NDArray[np.int16]]) -> list[int]:
    """The run of unvoiced blocks up to each, as an open gate counts it."""
    runs = [0]
    for block in sound:
        voice = vad.voiced(block, later=True)
        runs.append(0 if voice else max(runs[-1] + 1, vad.unvoiced_samples // BLOCK))
    return runs[1:]


def counted(vad: SileroVad, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many windows each run of its network computes, from now on."""
    windows: list[int] = []
    run = vad._run

    def counting(samples: NDArray[np.float32], count: int) -> None:
        windows.append(count)
        run(samples, count)

    monkeypatch.setattr(vad, "_run", counting)
    return windows


def blocks(samples: NDArray[np.int16], size: int = BLOCK) -> list[NDArray[np.int16]]:
    return [samples[at : at + size] for at in range(0, len(samples), size)]


class Told:
    """A first detector that says what it is told, and counts."""

    def __init__(self, answers: str) -> None:
        self.answers = iter(answers)
        self.resets = 0
        self.mode = 2

    def decides(self, _block: NDArray[np.int16], _centred: NDArray[np.float32], _gain: float) -> bool:
        return next(self.answers) == "v"

    def reset(self) -> None:
        self.resets += 1

    def tune(self, thresholds: Thresholds) -> None:
        self.mode = thresholds.vad_mode


def test_a_loud_window_is_a_voice_from_the_block_that_completes_it(network: Path) -> None:
    vad = silero(network)
    said = [vad.voiced(block) for block in blocks(tone(0.2))]
    assert said[:3] == [False, True, True]  # 320 samples are no window, 640 are one
    said = [vad.voiced(block) for block in blocks(hush(0.2))]
    assert said[0]
    assert not said[-1]


def test_it_hears_windows_with_their_context_and_its_own_memory(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vad, fed = silero(network), []
    run = vad._session.run

    class Spy:
        def run(self, outputs: list[str], feeds: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
            fed.append(feeds)
            results: list[NDArray[np.float32]] = run(outputs, feeds)
            fed[-1]["after"] = results[1]
            return results

    monkeypatch.setattr(vad, "_session", Spy())
    samples = np.random.default_rng(0).integers(-20_000, 20_000, 6400).astype(np.int16)
    for block in blocks(samples):
        vad.voiced(block)
    rows = np.concatenate([feeds["input"] for feeds in fed])
    assert rows.shape == (12, 576)
    mean = samples[:BLOCK].mean()  # of a slow mean, the first block's is nearly all
    np.testing.assert_allclose(rows[:, 64:].reshape(-1) * 32768, samples[: 12 * 512] - mean, atol=250)
    assert (rows[0, :64] == 0).all()
    assert (rows[1:, :64] == rows[:-1, -64:]).all()
    assert (fed[0]["h"] == 0).all()
    assert all((now["h"] == before["after"]).all() for before, now in itertools.pairwise(fed))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([160, 320, 480]))
def test_the_length_of_blocks_does_not_matter_to_what_it_says(network: Path, seed: int, size: int) -> None:
    loud = np.random.default_rng(seed).integers(0, 2, 20)
    samples = np.concatenate([tone(0.096) if one else hush(0.096) for one in loud])
    ends = []
    for length in (480, size):
        vad = silero(network)
        ends.append([vad.voiced(block) for block in blocks(samples, length)][-1])
    assert ends[0] == ends[1]


def test_a_quiet_voice_is_raised_and_an_offset_is_none(network: Path) -> None:
    quiet, one = tone(0.3, 300), silero(network)
    assert not any(one.voiced(block) for block in blocks(quiet))
    raised = silero(network, 24.0)
    assert all([raised.voiced(block) for block in blocks(quiet)][2:])
    still = silero(network, 24.0)
    assert not any(still.voiced(block) for block in blocks(np.full(16_000, 2000, np.int16)))


def test_reset_forgets_what_was_heard(network: Path) -> None:
    vad = silero(network)
    for block in blocks(tone(0.2)):
        vad.voiced(block)
    vad.reset()
    assert not vad.agrees()
    fresh = silero(network)
    after = blocks(np.concatenate([hush(0.1), tone(0.1)]))
    assert [vad.voiced(block) for block in after] == [fresh.voiced(block) for block in after]


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


def test_a_fresh_beginning_knows_of_no_pause(network: Path) -> None:
    vad = silero(network)
    for block in blocks(hush(0.2)):
        vad.hear(block)
    assert not vad.agrees()
    assert vad.unvoiced_samples >= 5 * tiny_silero.WINDOW
    vad.reset()
    assert vad.unvoiced_samples == 0


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


def test_what_nobody_asks_about_is_bounded_and_the_newest_is_the_run_up(network: Path) -> None:
    second = silero(network)
    for block in blocks(tone(30.0)):
        second.hear(block)
        assert second._pending_samples <= 2 * (RATE_HZ // 2 + tiny_silero.CONTEXT) + BLOCK
    assert second.agrees()
    assert second._pending_samples < tiny_silero.WINDOW + tiny_silero.CONTEXT


def test_both_forget_together(network: Path) -> None:
    for length in range(40, 46):  # one of them ends right behind an answer
        first, second = Told("v" * 60), silero(network)
        both = pair(first, second)
        assert [both.voiced(block, later=True) for block in blocks(tone(length * 0.02))][-1]
        both.reset()
        assert first.resets == 1
        assert not any(both.voiced(block, later=True) for block in blocks(hush(0.1)))
        assert not second.agrees()


def test_another_probability_holds_for_what_is_already_known(network: Path) -> None:
    vad, sound = silero(network), blocks(tone(0.2))
    assert [vad.voiced(block) for block in sound][-1]
    vad.tune(Thresholds(2, 1.1, 100))
    assert not vad.agrees()
    vad.tune(Thresholds(2, 0.4, 100))
    assert vad.agrees()


def test_both_are_tuned_together(network: Path) -> None:
    first, second = Told("v" * 20), silero(network)
    both = pair(first, second)
    both.tune(Thresholds(0, 1.1, 100))
    assert first.mode == 0
    assert not any(both.voiced(block) for block in blocks(tone(0.2)))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"no network", "is not a network that onnxruntime can load"),
        (
            tiny_silero.network(memory="state"),
            r"inputs are \['c', 'input', 'state'\], expected \['c', 'h', 'input'\]",
        ),
        (tiny_silero.network(row=256), r"its input is \['n', 256\], expected rows of 576"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "vad.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=complaint):
        silero(path)


def test_a_network_that_fails_is_a_recognition_error(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vad = silero(network)
    monkeypatch.setattr(vad, "_memory", (np.zeros((1, 1, 3), np.float32), np.zeros((1, 1, 3), np.float32)))
    with pytest.raises(RecognitionError, match=r"vad\.onnx failed: "):
        [vad.voiced(block) for block in blocks(tone(0.1))]
