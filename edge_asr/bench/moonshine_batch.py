"""moonshine-voice over files: `python -m edge_asr.bench.moonshine_batch FOLDER FILE...` writes FOLDER/NAME.txt."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edge_asr.audio.replay import FileSource
from edge_asr.bench.moonshine_peer import as_floats, load_transcriber
from edge_asr.clock import SystemClock


def main(folder: str, files: Sequence[str]) -> None:
    """Load once, hear all."""
    transcriber, clock = load_transcriber(), SystemClock()
    for name in files:
        source = FileSource(name, clock)
        samples = np.concatenate([chunk.samples for chunk in source.chunks()])
        heard = transcriber.transcribe_without_streaming(as_floats(samples), source.sample_rate_hz)
        text = "".join(f"{line.text.strip()}\n" for line in heard.lines)
        (Path(folder) / f"{Path(name).stem}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
