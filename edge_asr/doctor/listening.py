"""Some seconds of the chosen microphone: how loud it is, and how fast its samples arrive."""

import math
import threading
from dataclasses import dataclass

import numpy as np

from edge_asr.audio.capture import FIRST_CHUNK_S
from edge_asr.audio.chunk import AudioChunk, Samples
from edge_asr.audio.devices import Microphone
from edge_asr.audio.opening import opener_of
from edge_asr.audio.stream_names import StreamNames
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.config import AudioConfig
from edge_asr.doctor.finding import Finding, fail, ok, warn
from edge_asr.errors import CaptureError
from edge_asr.metrics import Metrics

LEVEL, SAMPLE_CLOCK = "level", "sample clock"
_SETTLE_S = 0.3  # the first chunks come in a burst
_SHORTEST_S = 1.0  # of arrival times that tell a rate
_PATIENCE_S = 3.0  # beyond the seconds that were asked for
_CLOSE_DEADLINE_S = 2.0
_FULL_SCALE = 32768.0
_CLIPPED, _CLIPPED_SHARE = 32767, 0.0005
_QUIET_PEAK_DBFS = -50.0
_OFFSET_SHARE = 0.05
_RATE_TOLERANCE = 0.05  # arrival times jitter by some chunks; a wrong clock is off by much more


@dataclass(frozen=True, slots=True)
class Recording:
    """What was heard. `arrival_hz`: samples a second as they came; None when that was too short to tell."""

    samples: Samples
    sample_rate_hz: int
    arrival_hz: float | None
    missing_samples: int


class _Collector:
    def __init__(self, samples: int) -> None:
        self._wanted = samples
        self._heard = 0
        self.chunks: list[AudioChunk] = []
        self.begun, self.full = threading.Event(), threading.Event()

    def take(self, chunk: AudioChunk) -> None:
        if self.full.is_set():
            return
        self.chunks.append(chunk)
        self._heard += len(chunk.samples)
        self.begun.set()
        if self._heard >= self._wanted:
            self.full.set()


def record(config: AudioConfig, microphone: Microphone, seconds: float, clock: Clock) -> Recording:
    """Listen as the daemon does; raises CaptureError when it cannot be opened or delivers nothing."""
    opener = opener_of(config, clock, Metrics())
    collector = _Collector(int(seconds * microphone.sample_rate_hz))
    try:
        stream = opener.open(microphone, StreamNames(clock).next(), collector.take)
        try:
            if collector.begun.wait(FIRST_CHUNK_S):
                collector.full.wait(seconds + _PATIENCE_S)
        finally:
            stream.close(_CLOSE_DEADLINE_S)
    finally:
        opener.stop()
    chunks = list(collector.chunks)
    if not chunks:
        raise CaptureError(f"'{microphone.stable_id}' was opened and has delivered nothing for {FIRST_CHUNK_S:g} s")
    samples = np.concatenate([chunk.samples for chunk in chunks])
    missing = chunks[-1].end_sample - chunks[0].first_sample - len(samples)
    return Recording(samples, chunks[0].sample_rate_hz, _arrival_hz(chunks), missing)


def _arrival_hz(chunks: list[AudioChunk]) -> float | None:
    """Slope of the line through (arrival, count of samples)."""
    begin_ns = chunks[0].captured_ns + _SETTLE_S * NS_PER_S
    times = np.array([(chunk.captured_ns - begin_ns) / NS_PER_S for chunk in chunks])
    counts = np.array([float(chunk.end_sample) for chunk in chunks])
    settled = times >= 0.0
    if not settled.any() or np.ptp(times[settled]) < _SHORTEST_S:
        return None
    return float(np.polyfit(times[settled], counts[settled], 1)[0])


def level(recording: Recording, microphone: Microphone) -> Finding:
    """How loud it was."""
    samples = recording.samples.astype(np.float64)
    offset = float(samples.mean())
    seconds = len(samples) / recording.sample_rate_hz
    if np.ptp(samples) == 0:
        return fail(
            LEVEL,
            f"digital silence: {seconds:.1f} s of {microphone.stable_id} are all {int(samples[0])}; is there a mute "
            "switch on the microphone, is it another input, or a device without a microphone?",
            _unmute(microphone),
        )
    rms, peak = _dbfs(math.sqrt(float(np.square(samples - offset).mean()))), _dbfs(float(np.abs(samples).max()))
    said = f"RMS {rms:.1f} dBFS, peak {peak:.1f} dBFS in {seconds:.1f} s"
    clipped = float((np.abs(samples) >= _CLIPPED).mean())
    if clipped > _CLIPPED_SHARE:
        return warn(LEVEL, f"{said}: too loud, {clipped:.1%} of it is clipped", _volume(microphone, "-6dB"))
    if peak < _QUIET_PEAK_DBFS:
        fix = f"speak while this listens (edge-asr doctor --seconds 10), or {_volume(microphone, '+6dB')}"
        return warn(LEVEL, f"{said}: very quiet, did nobody speak?", fix)
    if abs(offset) > _OFFSET_SHARE * _FULL_SCALE:
        return warn(LEVEL, f"{said}: its zero is off by {offset / _FULL_SCALE:.0%}", "try another cable or sound card")
    return ok(LEVEL, said)


def sample_clock(recording: Recording) -> Finding:
    """Whether as many samples arrive in a second as the device promises."""
    nominal, arrived = recording.sample_rate_hz, recording.arrival_hz
    if recording.missing_samples:
        lost_s = recording.missing_samples / nominal
        return warn(SAMPLE_CLOCK, f"{lost_s:.2f} s were lost on the way", "close what else keeps this machine busy")
    if arrived is None:
        heard_s = len(recording.samples) / nominal
        return warn(SAMPLE_CLOCK, f"only {heard_s:.1f} s arrived, too few to tell", "edge-asr doctor --seconds 5")
    said = f"{arrived:.0f} samples a second arrive of {nominal} Hz ({arrived / nominal - 1:+.1%})"
    if abs(arrived / nominal - 1) > _RATE_TOLERANCE:
        return warn(SAMPLE_CLOCK, said, "try another USB port or microphone; words will be misheard at a wrong rate")
    return ok(SAMPLE_CLOCK, said)


def _volume(microphone: Microphone, change: str) -> str:
    if microphone.backend == "pulse":
        return f"pactl -- set-source-volume {microphone.name} {change}"
    return "alsamixer -V capture"


def _unmute(microphone: Microphone) -> str:
    if microphone.backend == "pulse":
        return f"pactl set-source-mute {microphone.name} 0; pactl set-source-volume {microphone.name} 100%"
    return "alsamixer -V capture"


def _dbfs(amplitude: float) -> float:
    return 20.0 * math.log10(max(amplitude, 0.1) / _FULL_SCALE)
