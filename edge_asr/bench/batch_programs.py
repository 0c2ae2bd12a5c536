"""The programs that are measured over a batch, each started as a person starts it."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from edge_asr.bench.batch import Program
from edge_asr.bench.peers import MOONSHINE, VOSK
from edge_asr.errors import EdgeAsrError

BATCH_PEERS = (VOSK, MOONSHINE)


def own(jobs: int, options: Sequence[str], *, second_pass: bool) -> Program:
    """`edge-asr transcribe` with so many processes. options: of the configuration, as typed."""
    chosen = ["--set", f"second_pass.enabled={'true' if second_pass else 'false'}"]
    passes = "two passes" if second_pass else "one pass"

    def commands(folder: Path, _: Sequence[Path], texts: Path) -> list[list[str]]:
        words = [sys.executable, "-m", "edge_asr", "transcribe", str(folder), "--output-dir", str(texts)]
        return [[*words, "--jobs", str(jobs), *options, *chosen]]

    return Program(f"edge-asr transcribe, {passes}", commands)


def vosk_transcriber(model: Path) -> Program:
    """Vosk's own command over a folder; it runs a thread for each core, and takes no other number.

    Raises EdgeAsrError without ffmpeg, which it reads everything through, and without its command.
    """
    if shutil.which("ffmpeg") is None:
        raise EdgeAsrError("vosk-transcriber reads through ffmpeg, which is not installed; install it, or --peer none")
    program = Path(sys.executable).with_name("vosk-transcriber")
    if not program.is_file():
        raise EdgeAsrError(f"{program} is not there; install: pip install 'edge-asr[bench]', or leave out: --peer none")

    def commands(folder: Path, _: Sequence[Path], texts: Path) -> list[list[str]]:
        return [[str(program), "--model", str(model), "--input", str(folder), "--output", str(texts)]]

    return Program("vosk-transcriber", commands)


def moonshine(processes: int) -> Program:
    """moonshine-voice, which brings no command for files: its call for whole recordings, one after the other.

    It takes all cores by itself; with more processes each has its share of the files.
    """

    def commands(_: Path, files: Sequence[Path], texts: Path) -> list[list[str]]:
        words = [sys.executable, "-m", "edge_asr.bench.moonshine_batch", str(texts)]
        shares = [files[first::processes] for first in range(processes)]
        return [[*words, *map(str, share)] for share in shares if share]

    return Program(f"{MOONSHINE}, {processes} process{'es' if processes > 1 else ''}", commands)
