"""The neural detector's windows, memory and run-up, on a network of a few hundred bytes."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.errors import ModelError, RecognitionError
from edge_asr.sensitivity import Thresholds
from tests.audio import tiny_silero
from tests.audio.made_detectors import BLOCK, RATE_HZ, blocks, silero
from tests.fakes import hush, tone


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


def test_a_fresh_beginning_knows_of_no_pause(network: Path) -> None:
    vad = silero(network)
    for block in blocks(hush(0.2)):
        vad.hear(block)
    assert not vad.agrees()
    assert vad.unvoiced_samples >= 5 * tiny_silero.WINDOW
    vad.reset()
    assert vad.unvoiced_samples == 0


def test_what_nobody_asks_about_is_bounded_and_the_newest_is_the_run_up(network: Path) -> None:
    second = silero(network)
    for block in blocks(tone(30.0)):
        second.hear(block)
        assert second._pending_samples <= 2 * (RATE_HZ // 2 + tiny_silero.CONTEXT) + BLOCK
    assert second.agrees()
    assert second._pending_samples < tiny_silero.WINDOW + tiny_silero.CONTEXT


def test_another_probability_holds_for_what_is_already_known(network: Path) -> None:
    vad, sound = silero(network), blocks(tone(0.2))
    assert [vad.voiced(block) for block in sound][-1]
    vad.tune(Thresholds(2, 1.1, 100))
    assert not vad.agrees()
    vad.tune(Thresholds(2, 0.4, 100))
    assert vad.agrees()


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
