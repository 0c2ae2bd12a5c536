"""The same speech as other microphones deliver it: other rates, channels and widths through the live pipeline.

Each recording is resampled, laid on its channels, written as a file of that width and read back as `transcribe` reads
it, chunk by chunk at the file's own rate; the pipeline brings it to the recognizer's.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from tqdm import tqdm

from edge_asr.asr.result import EndReason
from edge_asr.audio.channels import Channel
from edge_asr.audio.chunk import Samples
from edge_asr.audio.replay import FileSource
from edge_asr.bench.recordings import Recording
from edge_asr.bench.tight import in_room
from edge_asr.bench.tokens import Tokenizer
from edge_asr.bench.wer import Errors, compare
from edge_asr.clock import Clock
from edge_asr.config import Config
from edge_asr.loading import build_pipeline, load_recognizer
from edge_asr.observation import is_final

_FULL_SCALE = 32768.0
_LOUDEST = 32767.0 / 32768.0
_OTHER_RMS = 1500.0 / _FULL_SCALE  # of what other channels hear: as loud as a voice
_SEED = 6


@dataclass(frozen=True, slots=True)
class Shape:
    """How speech lies in a file. spoken: the channels that have it; the others hiss as loud as a voice, or are silent.

    channel: what `audio.channel` is set to.
    """

    name: str
    sample_rate_hz: int
    channels: int = 1
    spoken: tuple[int, ...] = (0,)
    hiss: bool = False
    subtype: str = "PCM_16"
    channel: Channel = "mix"


USUAL = Shape("16 kHz, mono, s16", 16_000)
SHAPES: tuple[Shape, ...] = (
    USUAL,
    Shape("48 kHz, stereo, s16, mix", 48_000, 2, (0, 1)),
    Shape("48 kHz, stereo, s16, left alone has a voice, mix", 48_000, 2, (0,)),
    Shape("44.1 kHz, mono, s16", 44_100),
    Shape("96 kHz, 6 channels, s16, all have a voice, mix", 96_000, 6, tuple(range(6))),
    Shape("96 kHz, 6 channels, s16, channel 2 among hiss", 96_000, 6, (2,), hiss=True, channel=2),
    Shape("16 kHz, mono, s32", 16_000, subtype="PCM_32"),
    Shape("16 kHz, mono, float", 16_000, subtype="FLOAT"),
)


@dataclass(frozen=True, slots=True)
class Shaped:
    """One shape over all recordings. `differing`: those whose text is not that of the usual shape."""

    shape: Shape
    errors: Errors
    recordings: int
    differing: tuple[str, ...]


def measure(config: Config, recordings: Sequence[Recording], tokens: Tokenizer, clock: Clock) -> list[Shaped]:
    """Every recording in every shape, by the first pass. Raises ModelError, AudioFileError."""
    recognizer = load_recognizer(config)
    errors = dict.fromkeys(SHAPES, Errors())
    differing: dict[Shape, list[str]] = {shape: [] for shape in SHAPES}
    with tempfile.TemporaryDirectory(prefix="edge-asr-formats-") as folder:
        path = Path(folder) / "shaped.wav"
        for recording in tqdm(recordings, desc="formats", unit="file", disable=None, leave=False):
            samples, rate_hz = recording.samples(clock)
            placed = in_room(samples, rate_hz, noise=True)
            usual: list[str] = []
            for shape in SHAPES:
                write(path, placed, rate_hz, shape)
                heard = tokens(_heard(config, recognizer, FileSource(path, clock, channel=shape.channel)))
                usual = heard if shape is USUAL else usual
                errors[shape] += compare(tokens(recording.text), heard)
                if heard != usual:
                    differing[shape].append(recording.name)
    return [Shaped(shape, errors[shape], len(recordings), tuple(differing[shape])) for shape in SHAPES]


def write(path: Path, samples: Samples, sample_rate_hz: int, shape: Shape) -> None:
    """Write int16 samples (n,) as a file of that shape."""
    soundfile.write(path, laid_out(samples, sample_rate_hz, shape), shape.sample_rate_hz, subtype=shape.subtype)


def laid_out(samples: Samples, sample_rate_hz: int, shape: Shape) -> NDArray[np.float64]:
    """The speech at the shape's rate and on its channels, (n, channels), -1 to 1."""
    voice: NDArray[np.float64] = samples.astype(np.float64) / _FULL_SCALE
    if shape.sample_rate_hz != sample_rate_hz:
        voice = np.clip(soxr.resample(voice, sample_rate_hz, shape.sample_rate_hz, quality="VHQ"), -1.0, _LOUDEST)
    frames = np.zeros((len(voice), shape.channels))
    if shape.hiss:
        frames = np.clip(np.random.default_rng(_SEED).normal(0.0, _OTHER_RMS, frames.shape), -1.0, _LOUDEST)
    frames[:, list(shape.spoken)] = voice[:, None]
    return frames


def _heard(config: Config, recognizer: Any, source: FileSource) -> str:
    pipeline = build_pipeline(config, recognizer)
    seen = [one for chunk in source.chunks() for one in pipeline.process(chunk)]
    seen += pipeline.end(EndReason.END_OF_INPUT)
    return " ".join(one.hypothesis.text for one in seen if is_final(one))
