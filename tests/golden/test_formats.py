"""Real sources of other rates, channels and widths: what is said there is heard as at 16 kHz mono."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.result import EndReason
from edge_asr.audio.capture import Capture
from edge_asr.audio.ring import Ring
from edge_asr.audio.source import CaptureState
from edge_asr.bench.formats import Shape, laid_out
from edge_asr.bench.tight import in_room
from edge_asr.bench.wer import compare
from edge_asr.clock import SystemClock
from edge_asr.config import AudioConfig, Config
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.loading import build_pipeline
from edge_asr.metrics import Metrics
from edge_asr.observation import Observation, is_final
from tests.waiting import wait_until

pytestmark = [pytest.mark.bundle, pytest.mark.pulse]

RATE_HZ = 16_000
SIX = "front-left,front-right,rear-left,rear-right,front-center,lfe"


@dataclass(frozen=True)
class Source:
    """A null sink whose monitor is the microphone, in the format that PulseAudio is told."""

    shape: Shape
    format: str
    channel_map: str = "mono"


SOURCES = [
    Source(Shape("16 kHz mono s16", RATE_HZ), "s16le"),
    Source(Shape("48 kHz stereo", 48_000, 2, (0, 1)), "s16le", "front-left,front-right"),
    Source(Shape("44.1 kHz mono", 44_100), "s16le"),
    Source(Shape("96 kHz, channel 2 of 6", 96_000, 6, (2,), hiss=True, channel=2), "s16le", SIX),
    Source(Shape("96 kHz, 6 channels", 96_000, 6, tuple(range(6))), "s16le", SIX),
    Source(Shape("16 kHz s32", RATE_HZ, subtype="PCM_32"), "s32le"),
    Source(Shape("16 kHz float", RATE_HZ, subtype="FLOAT"), "float32le"),
]


def plug_in(server: PulseServer, source: Source) -> None:
    shape = source.shape
    words = [f"rate={shape.sample_rate_hz}", f"channels={shape.channels}", f"format={source.format}"]
    words.append(f"channel_map={source.channel_map}")
    server.pactl("load-module", "module-null-sink", "sink_name=other_feed", *words)
    # remix=no: each channel stays itself
    remap = [
        "source_name=other_mic",
        "master=other_feed.monitor",
        "remix=no",
        f"master_channel_map={source.channel_map}",
    ]
    server.pactl("load-module", "module-remap-source", *remap, *words)


def play(server: PulseServer, source: Source, path: Path) -> None:
    command = ["paplay", "--device=other_feed", f"--channel-map={source.channel_map}", str(path)]
    subprocess.run(command, env={**os.environ, **server.environment()}, check=True, timeout=60)


def heard(server: PulseServer, source: Source, path: Path, recognizer: KaldiRecognizer) -> tuple[list[str], set[int]]:
    """Words, and the rates at which they came."""
    states: list[CaptureState] = []
    metrics = Metrics()
    ring = Ring(60.0, metrics)
    config = AudioConfig(source="pulse:other_mic", channel=source.shape.channel)
    capture = Capture(config, ring, SystemClock(), metrics, states.append)
    pipeline = build_pipeline(Config(), recognizer)
    seen: list[Observation] = []
    rates_hz = set()
    capture.start()
    try:
        wait_until(lambda: capture.state.status == "healthy", 20.0, "healthy")
        play(server, source, path)
        while (chunk := ring.pop(0.5)) is not None and not any(map(is_final, seen)):
            rates_hz.add(chunk.sample_rate_hz)
            seen += pipeline.process(chunk)
    finally:
        capture.stop(10.0)
    seen += pipeline.end(EndReason.END_OF_INPUT)
    return " ".join(one.hypothesis.text for one in seen if is_final(one)).split(), rates_hz


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.shape.name)
def test_a_source_of_any_format_is_heard_as_16_khz_mono_is(
    source: Source,
    recognizer: KaldiRecognizer,
    sentences: Sequence[NDArray[np.int16]],
    pulse_server: PulseServer,
    tmp_path: Path,
) -> None:
    path = tmp_path / "said.wav"
    shape = source.shape
    said = in_room(sentences[4], RATE_HZ, noise=True)
    soundfile.write(path, laid_out(said, RATE_HZ, shape), shape.sample_rate_hz, subtype=shape.subtype)
    plug_in(pulse_server, source)
    words, rates_hz = heard(pulse_server, source, path, recognizer)
    assert rates_hz == {shape.sample_rate_hz}
    assert compare(["he", "might", "even", "have", "been", "made", "amiable", "himself"], words).total == 0
