"""A second listener on the virtual microphone, with a clock of its own: it knows when a sound was really there.

The time at which a player was started does not: the player may need half a second to begin.
"""

import os
import subprocess
import threading
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge_asr.bench.onset import onset_s, speech_s
from edge_asr.bench.recorder import RATE_HZ, recorder
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.errors import EdgeAsrError

_KEPT_BLOCKS = 3000  # a minute of blocks of 20 ms
_END_DEADLINE_S = 2.0
_MOST_BYTES = 1 << 16


class Ear:
    """Context manager around one recorder, read by a thread. `mark` and the times of sounds belong to another one.

    variables: of the sound server. source: its name there.
    """

    def __init__(self, variables: Mapping[str, str], source: str, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._blocks: deque[tuple[int, NDArray[np.int16]]] = deque(maxlen=_KEPT_BLOCKS)  # arrival, samples
        self._heard = threading.Event()
        self._recorder = recorder(source, variables)
        self._thread = threading.Thread(target=self._listen, name="ear", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._heard.wait(5.0):
            self._end()
            raise EdgeAsrError("parec records nothing from the virtual microphone; is pulseaudio-utils installed?")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def mark(self) -> None:
        """Forget what was heard until now."""
        with self._lock:
            self._blocks.clear()

    @property
    def forgetful(self) -> bool:
        """Whether so much was heard since the mark that the beginning is forgotten."""
        return len(self._blocks) == _KEPT_BLOCKS

    def onset_ns(self, level: float) -> int | None:
        """Monotonic time of the first sound above `level` since the mark; None when there was none.

        Good to a block of 20 ms: the earliest arrival ties the samples to the clock, and the virtual microphone may
        hand a block over before its time.
        """
        samples, begin_ns = self._heard_since()
        at_s = onset_s(samples, RATE_HZ, level)
        return None if at_s is None else begin_ns + _ns(at_s)

    def speech_ns(self, level: float) -> tuple[int, int] | None:
        """The same of the beginning and the end of what was loud and long enough for words, until now."""
        samples, begin_ns = self._heard_since()
        found_s = speech_s(samples, RATE_HZ, level)
        return None if found_s is None else (begin_ns + _ns(found_s[0]), begin_ns + _ns(found_s[1]))

    def _heard_since(self) -> tuple[NDArray[np.int16], int]:
        """All samples since the mark, and the monotonic time of the first."""
        with self._lock:
            blocks = list(self._blocks)
        if not blocks:
            return np.empty(0, np.int16), 0
        ends = np.cumsum([len(samples) for _, samples in blocks])
        begin_ns = min(arrived_ns - _ns(int(end) / RATE_HZ) for (arrived_ns, _), end in zip(blocks, ends, strict=True))
        return np.concatenate([samples for _, samples in blocks]), begin_ns

    def _listen(self) -> None:
        assert self._recorder.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        rest = b""
        while data := os.read(self._recorder.stdout.fileno(), _MOST_BYTES):
            now_ns = self._clock.monotonic_ns()
            data = rest + data
            whole = len(data) // 2 * 2
            rest = data[whole:]
            with self._lock:
                self._blocks.append((now_ns, np.frombuffer(data[:whole], "<i2").astype(np.int16)))
            self._heard.set()

    def _end(self) -> None:
        self._recorder.terminate()
        try:
            self._recorder.wait(_END_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._recorder.kill()
            self._recorder.wait()
        self._thread.join(_END_DEADLINE_S)
        if self._recorder.stdout is not None:
            self._recorder.stdout.close()


def _ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)
