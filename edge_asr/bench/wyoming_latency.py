"""How long a transcript takes behind the end of the audio, and with which errors: Wyoming servers in turn."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from edge_asr.audio.chunk import Samples
from edge_asr.bench.recordings import Recording
from edge_asr.bench.spread import median, percentile
from edge_asr.bench.table import Cell, table
from edge_asr.bench.tokens import Tokenizer
from edge_asr.bench.wer import Errors, compare
from edge_asr.bench.wyoming_client import Answer, Server
from edge_asr.clock import Clock

Speak = Callable[[Server, Samples, int, str], Answer]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one server."""

    name: str
    latencies_s: tuple[float, ...]
    errors: Errors


def measure(
    servers: Sequence[Server],
    recordings: Sequence[Recording],
    silence_s: float,
    language: str,
    tokens: Tokenizer,
    clock: Clock,
    speak: Speak,
) -> list[Figures]:
    """Every recording to every server, one after the other, so that what the machine does meanwhile meets all alike.

    silence_s: said nothing for so long before audio-stop, as Home Assistant waits for the end. The first recording is
    said once before, and not counted. Raises EdgeAsrError.
    """
    latencies: dict[str, list[float]] = {server.name: [] for server in servers}
    errors = {server.name: Errors() for server in servers}
    for number, recording in enumerate([recordings[0], *recordings]):
        samples, rate_hz = recording.samples(clock)
        samples = np.concatenate([samples, np.zeros(round(silence_s * rate_hz), np.int16)])
        for server in servers:
            answer = speak(server, samples, rate_hz, language)
            if number:
                latencies[server.name].append(answer.latency_s)
                errors[server.name] += compare(tokens(recording.text), tokens(answer.text))
    return [Figures(server.name, tuple(latencies[server.name]), errors[server.name]) for server in servers]


def latency_text(figures: Sequence[Figures], measure_name: str) -> str:
    """One table; ratios are to the first."""
    first = median(figures[0].latencies_s)
    rows: list[list[Cell]] = []
    for one in figures:
        middle, tail = median(one.latencies_s), percentile(one.latencies_s, 95)
        percent = one.errors.percent
        rows.append(
            [
                one.name,
                None if middle is None else f"{1000 * middle:.0f}",
                None if tail is None else f"{1000 * tail:.0f}",
                None if middle is None or not first else f"{middle / first:.1f}",
                None if percent is None else f"{percent:.1f}",
            ]
        )
    headings = ["audio-stop to transcript", "median ms", "95 % ms", "times the first", f"{measure_name} %"]
    return table(headings, rows)


def latency_json(figures: Sequence[Figures]) -> list[dict[str, Any]]:
    """The same as JSON objects, each recording by itself."""
    return [{**asdict(one), "percent": one.errors.percent} for one in figures]
