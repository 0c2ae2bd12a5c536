"""Recordings as a batch: how many hours of sound each program turns into text in an hour, from its start to its end.

The same files lie in one folder for all of them. One program runs after the other, in rounds, so that whatever else the
machine does falls on all alike. Loading the model is part of it, as it is for a person; so is writing the text.
"""

import resource
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from edge_asr.bench.recordings import Recording
from edge_asr.bench.tokens import Tokenizer
from edge_asr.bench.wer import Errors, compare
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.errors import EdgeAsrError

_LINE_CHARS = 300

# From the folder of recordings, their files and the folder for texts: command lines that run at the same time.
Commands = Callable[[Path, Sequence[Path], Path], Sequence[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Program:
    """One that writes NAME.txt for each recording."""

    name: str
    commands: Commands


@dataclass(slots=True)
class Run:
    """All of one program: seconds of the clock and of the CPU of each round, and word errors of the last."""

    program: Program
    audio_s: float
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    errors: Errors = field(default_factory=Errors)

    @property
    def hours_per_hour(self) -> float:
        """Hours of sound in an hour, by the median of the rounds."""
        return self.audio_s / statistics.median(self.wall_s)

    @property
    def cpu_share(self) -> float:
        """CPU seconds for each second of sound, by the median of the rounds."""
        return statistics.median(self.cpu_s) / self.audio_s


def measure(
    programs: Sequence[Program], recordings: Sequence[Recording], rounds: int, tokens: Tokenizer, clock: Clock
) -> list[Run]:
    """Every program in every round. Raises EdgeAsrError when one fails or leaves a recording out."""
    audio_s = sum(len(samples) / rate_hz for samples, rate_hz in (one.samples(clock) for one in recordings))
    runs = [Run(program, audio_s) for program in programs]
    with tempfile.TemporaryDirectory(prefix="edge-asr-batch-") as scratch:
        spoken = _linked(recordings, Path(scratch) / "recordings")
        for number in tqdm(range(rounds), desc="rounds", disable=None, leave=False):
            for place, run in enumerate(runs):
                texts = Path(scratch) / f"texts-{number}-{place}"
                texts.mkdir()
                _time(run, spoken, texts, clock)
                run.errors = _errors(run.program.name, spoken, texts, tokens)
    return runs


def _linked(recordings: Sequence[Recording], folder: Path) -> Mapping[Path, str]:
    """Text of each recording by its link in the folder; names are unique there."""
    folder.mkdir()
    spoken = {}
    for number, one in enumerate(recordings):
        link = folder / f"{number:05d}{one.path.suffix}"
        link.symlink_to(one.path.resolve())
        spoken[link] = one.text
    return spoken


def _time(run: Run, spoken: Mapping[Path, str], texts: Path, clock: Clock) -> None:
    files = list(spoken)
    lines = run.program.commands(files[0].parent, files, texts)
    with tempfile.TemporaryFile() as words:
        began_ns, began_cpu_s = clock.monotonic_ns(), _children_cpu_s()
        children = [
            subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=words) for line in lines
        ]
        codes = [child.wait() for child in children]
        run.wall_s.append((clock.monotonic_ns() - began_ns) / NS_PER_S)
        run.cpu_s.append(_children_cpu_s() - began_cpu_s)
        if any(codes):
            words.seek(0)
            said = words.read().decode(errors="replace").split("\n")
            last = next((line for line in reversed(said) if line.strip()), "without a word")
            raise EdgeAsrError(f"{run.program.name} ended with exit code {max(codes)}: {last[:_LINE_CHARS]}")


def _errors(name: str, spoken: Mapping[Path, str], texts: Path, tokens: Tokenizer) -> Errors:
    errors = Errors()
    for path, text in spoken.items():
        written = texts / f"{path.stem}.txt"
        if not written.is_file():
            raise EdgeAsrError(f"{name} has written no text for one of {len(spoken)} recordings; its time says nothing")
        errors += compare(tokens(text), tokens(" ".join(written.read_text(encoding="utf-8").split())))
    return errors


def _children_cpu_s() -> float:
    """User and system, of all that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
