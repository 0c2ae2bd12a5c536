"""The real daemon, whose recognizer can be slowed from outside and whose counters are written down at its end.

usage: measured_daemon.py OPTIONS OF `edge-asr run`. $SLOW_FILE: while that file is there, each second of audio takes as
many seconds as it says. $METRICS_FILE: where the counters go.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

from edge_asr import app, loading
from edge_asr.cli.main import main
from edge_asr.metrics import Metrics

METRICS = Metrics()


class Slowed:
    """A recognizer that takes its time."""

    def __init__(self, recognizer: Any, file: Path) -> None:
        self._recognizer = recognizer
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._recognizer, name)

    def step(self, samples: Any, state: Any, *, partial: bool = True) -> Any:
        if self._file.exists():
            time.sleep(len(samples) / self._recognizer.sample_rate_hz * float(self._file.read_text()))
        return self._recognizer.step(samples, state, partial=partial)


if __name__ == "__main__":
    wired: Any = app
    wired.Metrics = lambda: METRICS
    loaded: Any = loading
    load = loading.load_recognizer
    loaded.load_recognizer = lambda config: Slowed(load(config), Path(os.environ["SLOW_FILE"]))
    try:
        code = main(["run", *sys.argv[1:]])
    finally:
        Path(os.environ["METRICS_FILE"]).write_text(METRICS.text(), encoding="utf-8")
    raise SystemExit(code)
