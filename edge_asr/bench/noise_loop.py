"""A recording repeated without a gap, as one file: players started one after the other would leave holes."""

from pathlib import Path

import soundfile

from edge_asr.audio.replay import FileSource
from edge_asr.clock import Clock


def write_loop(source: Path, target: Path, seconds: float, clock: Clock) -> None:
    """Write `seconds` of `source`, over and over, as 16-bit mono WAV. Raises AudioFileError."""
    recording = FileSource(source, clock)
    left = round(seconds * recording.sample_rate_hz)
    with soundfile.SoundFile(target, "w", recording.sample_rate_hz, 1, "PCM_16") as file:
        while left > 0:
            for chunk in recording.chunks():
                file.write(chunk.samples[:left])
                left -= len(chunk.samples[:left])
                if left <= 0:
                    break
