"""The detector hears a quiet voice, and silence is not one."""

import numpy as np
import soundfile

from edge_asr.audio.vad import WebRtcVad
from edge_asr.demo.sample import sample
from edge_asr.sensitivity import Thresholds

BLOCK = 320


def voiced_share(samples: np.ndarray, max_gain_db: float) -> float:
    vad = WebRtcVad(2, 16_000, max_gain_db)
    blocks = [samples[at : at + BLOCK] for at in range(0, len(samples) - BLOCK, BLOCK)]
    return sum(vad.voiced(block) for block in blocks) / len(blocks)


def speech() -> np.ndarray:
    samples: np.ndarray = soundfile.read(str(sample()[0]), dtype="int16")[0]
    return samples


def test_a_voice_is_heard_at_any_usual_level() -> None:
    loud = speech()
    quiet = (loud * (100.0 / np.abs(loud).max())).astype(np.int16)  # peak -50 dBFS
    usual = voiced_share(loud, 24.0)
    assert usual > 0.6
    assert voiced_share(quiet, 24.0) > 0.8 * usual
    assert voiced_share(quiet, 0.0) < 0.8 * usual  # what the gain is for


def test_digital_silence_and_a_quiet_hiss_are_not_a_voice() -> None:
    assert voiced_share(np.zeros(160_000, np.int16), 24.0) == 0.0
    hiss = np.random.default_rng(3).normal(0, 3, 160_000).astype(np.int16)
    assert voiced_share(hiss, 24.0) < 0.02


def test_a_stricter_mode_hears_less_in_a_hiss_and_keeps_what_it_knows() -> None:
    hiss = np.random.default_rng(3).normal(0, 500, 160_000).astype(np.int16)
    shares = {}
    for mode in (0, 2, 3):
        vad = WebRtcVad(2, 16_000, 24.0)
        vad.tune(Thresholds(mode, 0.5, 100))
        shares[mode] = sum(vad.voiced(hiss[at : at + BLOCK]) for at in range(0, len(hiss) - BLOCK, BLOCK))
    assert shares[0] > shares[2] > shares[3]
    again, steady = WebRtcVad(2, 16_000, 24.0), WebRtcVad(2, 16_000, 24.0)
    sound = speech()
    for at in range(0, len(sound) - BLOCK, BLOCK):
        again.tune(Thresholds(2, 0.5, 100))
        assert again.voiced(sound[at : at + BLOCK]) == steady.voiced(sound[at : at + BLOCK])


def test_the_block_is_left_as_it_was() -> None:
    block = speech()[16_000 : 16_000 + BLOCK].copy()
    before = block.copy()
    WebRtcVad(2, 16_000, 24.0).voiced(block)
    assert (block == before).all()


def test_a_quiet_voice_is_heard_through_the_offset_of_a_cheap_microphone() -> None:
    quiet = (speech() * 0.008).astype(np.int16)
    assert voiced_share(quiet + np.int16(1500), 24.0) > 0.9 * voiced_share(quiet, 24.0)


def test_what_two_detectors_share_is_left_as_it_was() -> None:
    block = speech()[16_000 : 16_000 + BLOCK]
    centred = block.astype(np.float32)
    WebRtcVad(2, 16_000, 24.0).decides(block, centred, 4.0)
    assert (centred == block).all()
