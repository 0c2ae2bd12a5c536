"""What is said of a recording."""

import numpy as np
import pytest

from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.devices import Microphone
from edge_asr.doctor.listening import Recording, _arrival_hz, level, sample_clock

RATE_HZ = 16000
PULSE = Microphone("pulse", "usb_mic", "A microphone", "pulse:usb_mic", RATE_HZ, 1)
ALSA = Microphone("alsa", "hw:1,0", "A microphone", "alsa:Device", RATE_HZ, 1)


def recording(samples: np.ndarray, arrival_hz: float | None = None, missing: int = 0) -> Recording:
    return Recording(np.clip(samples, -32768, 32767).astype(np.int16), RATE_HZ, arrival_hz, missing)


def tone(amplitude: float, offset: float = 0.0) -> np.ndarray:
    samples: np.ndarray = amplitude * np.sin(np.arange(2 * RATE_HZ) * 0.1) + offset
    return samples


def test_a_full_tone_is_3_db_below_its_peak() -> None:
    finding = level(recording(tone(16384)), PULSE)
    assert finding.level == "ok"
    assert finding.text == "RMS -9.0 dBFS, peak -6.0 dBFS in 2.0 s"


@pytest.mark.parametrize("value", [0, -7])
def test_a_line_without_any_motion_is_digital_silence(value: int) -> None:
    finding = level(recording(np.full(RATE_HZ, value)), PULSE)
    assert finding.level == "FAIL"
    assert "1.0 s of pulse:usb_mic are all " + str(value) in finding.text
    assert "pactl set-source-volume usb_mic 100%" in finding.fix
    assert level(recording(np.zeros(RATE_HZ)), ALSA).fix == "alsamixer -V capture"


def test_one_bit_of_noise_is_not_silence_but_very_quiet() -> None:
    finding = level(recording(np.arange(RATE_HZ) % 2), PULSE)
    assert (finding.level, "very quiet" in finding.text) == ("warn", True)


def test_clipping_and_a_shifted_zero_are_told() -> None:
    loud = level(recording(tone(60000)), PULSE)
    assert (loud.level, "is clipped" in loud.text) == ("warn", True)
    assert loud.fix == "pactl -- set-source-volume usb_mic -6dB"
    shifted = level(recording(tone(2000, 5000)), PULSE)
    assert (shifted.level, "its zero is off by 15%" in shifted.text) == ("warn", True)


@pytest.mark.parametrize(
    ("arrival_hz", "expected"), [(16001.0, "ok"), (15300.0, "ok"), (14700.0, "warn"), (48e3, "warn")]
)
def test_the_rate_may_jitter_but_not_be_another(arrival_hz: float, expected: str) -> None:
    finding = sample_clock(recording(tone(1000), arrival_hz))
    assert finding.level == expected
    assert f"{arrival_hz:.0f} samples a second arrive of 16000 Hz" in finding.text


def test_lost_samples_and_too_few_samples_are_told() -> None:
    assert "0.50 s were lost" in sample_clock(recording(tone(1000), 16000.0, RATE_HZ // 2)).text
    assert "too few to tell" in sample_clock(recording(tone(1000)[:4000])).text


def chunks(rate_hz: float, seconds: float, together: int) -> list[AudioChunk]:
    """Chunks of 20 ms that arrive in bursts, the first ones all at once."""
    found = []
    for number in range(int(seconds * 50)):
        burst = number // together * together + together
        arrival_ns = int(burst * 320 / rate_hz * 1e9)
        found.append(AudioChunk("s", number * 320, np.zeros(320, np.int16), RATE_HZ, arrival_ns))
    return found


def test_the_slope_sees_through_bursts() -> None:
    assert _arrival_hz(chunks(16000.0, 3.0, 5)) == pytest.approx(16000.0, rel=0.01)
    assert _arrival_hz(chunks(44100.0, 8.0, 5)) == pytest.approx(44100.0, rel=0.01)
    assert _arrival_hz(chunks(16000.0, 0.9, 1)) is None
