"""`edge-asr devices --meter`: how loud the microphone is, live, in the terminal."""

import contextlib
import queue
import sys
import time
from typing import TextIO

from edge_asr.audio.capture import Capture
from edge_asr.audio.level_meter import Level, LevelMeter
from edge_asr.audio.ring import Ring
from edge_asr.audio.source import CaptureState
from edge_asr.clock import SystemClock
from edge_asr.config import AudioConfig
from edge_asr.errors import EXIT_FAILURE, EXIT_OK
from edge_asr.metrics import Metrics

_TERMINAL_WINDOW_S, _PIPE_WINDOW_S = 0.1, 1.0
_LOWEST_DBFS, _QUIET_DBFS = -60.0, -50.0
_COLUMNS = 40
_KEPT_S = 1.0  # of audio: nobody reads it
_CLOSE_S = 3.0
_MOST_WAITING = 100  # levels; a terminal that is held with Ctrl-S loses the rest
_ERASE = "\r\x1b[K"


def meter(config: AudioConfig, seconds: float) -> int:
    """Show the level for so long, infinity: until interrupted; 1 when nothing was heard."""
    shown = _Screen(sys.stdout)
    news: queue.Queue[Level | CaptureState] = queue.Queue(_MOST_WAITING)

    def tell(what: Level | CaptureState) -> None:
        with contextlib.suppress(queue.Full):  # told by two threads, one of them the driver's: it must not raise
            news.put_nowait(what)

    clock, metrics = SystemClock(), Metrics()
    window_s = _TERMINAL_WINDOW_S if shown.live else _PIPE_WINDOW_S
    ring = Ring(_KEPT_S, metrics)
    capture = Capture(config, ring, clock, metrics, tell, meters=[LevelMeter(window_s, tell)])
    capture.start()
    end_s = time.monotonic() + seconds
    try:
        while time.monotonic() < end_s:
            try:
                shown.show(news.get(timeout=window_s))
            except queue.Empty:
                continue
    except KeyboardInterrupt:
        pass
    finally:
        shown.leave()
        capture.stop(_CLOSE_S)
    return EXIT_OK if shown.heard else EXIT_FAILURE


def bar(level: Level) -> str:
    """One line: a bar as long as the RMS is loud, a mark at the peak, the figures, and what is wrong with it."""
    loud, peak = _column(level.rms_dbfs), _column(level.peak_dbfs)
    cells = ["#" if column < loud else " " for column in range(_COLUMNS)]
    if peak > 0:
        cells[peak - 1] = "|"
    line = f"[{''.join(cells)}] RMS {level.rms_dbfs:6.1f}  peak {level.peak_dbfs:6.1f} dBFS"
    if level.clipped_samples:
        return f"{line}  CLIPPED: turn it down"
    return f"{line}  very quiet" if level.peak_dbfs < _QUIET_DBFS else line


def _column(dbfs: float) -> int:
    share = (dbfs - _LOWEST_DBFS) / -_LOWEST_DBFS
    return round(_COLUMNS * min(1.0, max(0.0, share)))


class _Screen:
    """A terminal, whose last line moves, or a file of lines."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.live = out.isatty()
        self.heard = False

    def show(self, what: Level | CaptureState) -> None:
        if isinstance(what, Level):
            self.heard = True
            self._line(bar(what), stays=not self.live)
        elif what.status == "healthy":
            self._line(f"listening to {what.source}; Ctrl-C ends it", stays=True)
        elif what.status != "stopped":
            self._line(f"{what.status}: {what.reason}", stays=True)

    def leave(self) -> None:
        if self.live:
            self._line("", stays=False)

    def _line(self, text: str, *, stays: bool) -> None:
        self._out.write(f"{_ERASE if self.live else ''}{text}{chr(10) if stays else ''}")
        self._out.flush()
