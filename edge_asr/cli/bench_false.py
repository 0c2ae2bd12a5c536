"""`edge-asr bench commands --false-hours H`: commands that nobody gives, over hours of other speech."""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edge_asr.audio.chunk import Samples
from edge_asr.bench.benchmark_commands import as_templates, read_list
from edge_asr.bench.commands import Ear, orders_among
from edge_asr.bench.false_hours import Said, hear_for
from edge_asr.bench.false_hours_report import false_json, false_text
from edge_asr.bench.mixture import read_samples
from edge_asr.bench.recordings import read_recordings
from edge_asr.clock import Clock
from edge_asr.errors import EdgeAsrError
from edge_asr.sentences.definitions import Definitions
from edge_asr.sentences.files import read_files
from edge_asr.sentences.yaml_file import read_definitions

_BENCHMARKS = re.compile(r"^context\s*:", re.MULTILINE)
_TOLD_EACH_S = 600


def read_commands(file: Path, language: str) -> Definitions:
    """The benchmark's list, or any sentences as the daemon takes them. Raises SentencesError."""
    if file.is_dir():
        return read_files([file], language)
    text = read_list(file)
    if _BENCHMARKS.search(text):
        return read_definitions(file.name, as_templates(file.name, text), language)
    return read_files([file], language)


def other_speech(folder: Path, rate_hz: int, clock: Clock) -> list[Said]:
    """Every recording of the folder that is no command, whatever its language. Raises EdgeAsrError."""
    orders = {order.name for order in orders_among(folder)}
    found = [
        Said(one.name, read_samples(one.path, rate_hz, clock))
        for one in read_recordings(folder, None)
        if one.name not in orders
    ]
    if not found:
        raise EdgeAsrError(f"{folder}: every recording is a command; add other speech to listen to")
    return found


def measure_false(
    ear: Ear,
    said: Sequence[Said],
    noises: Mapping[str, Samples],
    hours: float,
    rate_hz: int,
    most_excess: float,
    *,
    seed: int,
) -> Any:
    """Measure, print, and return the figures."""
    told_s = 0.0
    for found in hear_for(ear, said, noises, hours, rate_hz, seed):
        if found.audio_s - told_s >= _TOLD_EACH_S:
            told_s = found.audio_s
            false = sum(one.false_commands(most_excess) for one in found.elsewhere)
            print(f"edge-asr bench: {told_s / 3600:.1f} hours, {false} false", file=sys.stderr, flush=True)
    print(false_text(found, most_excess))
    return false_json(found)
