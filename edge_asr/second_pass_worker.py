"""The second pass beside the live one: a thread that rewrites finals, and the order in which they come out again.

The recognizer's thread hands finals in and takes them out; only computing happens here. A final leaves after
`deadline_s` at the latest, with the text that it has by then, and never before the one that was handed in before it.
"""

import logging
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from edge_asr.clock import NS_PER_S, Clock
from edge_asr.metrics import Metrics
from edge_asr.observation import Transcript
from edge_asr.second_pass import Reason, Rewritten, SecondPass

log = logging.getLogger(__name__)

_QUEUE_SEGMENTS = 8
_FAULTS_SAID = 4  # different ones in the log; each segment may fail in its own words
_END_S = 0.1  # what a network needs to notice that it shall stop


@dataclass(slots=True)
class _Waiting:
    """One final on its way; `result` is set by the thread, or by whoever gives up on it."""

    final: Transcript
    due_ns: int
    started: bool = False
    result: Rewritten | None = None
    done: threading.Event = field(default_factory=threading.Event)


class SecondPassWorker:
    """One thread around a SecondPass. `submit`, `collect` and `finish` belong to one other thread."""

    def __init__(self, second_pass: SecondPass, deadline_s: float, clock: Clock, metrics: Metrics) -> None:
        self._second_pass = second_pass
        self._deadline_ns = round(deadline_s * NS_PER_S)
        self._clock = clock
        self._metrics = metrics
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition(threading.Lock())
        self._closed = False
        self._said: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="second-pass", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, final: Transcript, *, skip: Reason | None) -> list[Transcript]:
        """Take a final; what leaves at once, because the queue is full or there is a reason to `skip`, is returned."""
        waiting = _Waiting(final, self._clock.monotonic_ns() + self._deadline_ns)
        if skip is not None:
            self._give_up(waiting, skip)
        with self._changed:
            if len(self._waiting) >= _QUEUE_SEGMENTS:
                self._give_up(self._waiting[0], "queue_full")
            self._waiting.append(waiting)
            self._changed.notify()
        return self.collect(skip=skip)

    def collect(self, *, skip: Reason | None) -> list[Transcript]:
        """Finals that leave now, in their order. While there is a reason to `skip` it, none is begun any more."""
        now_ns = self._clock.monotonic_ns()
        with self._changed:
            for one in self._waiting:
                if now_ns >= one.due_ns:
                    self._give_up(one, "late")
                elif skip is not None and not one.started:
                    self._give_up(one, skip)
            return list(self._leaving())

    def flush(self) -> list[Transcript]:
        """Every final that waits, at once."""
        with self._changed:
            for one in self._waiting:
                self._give_up(one, "end")
            return list(self._leaving())

    def finish(self, until_ns: int) -> list[Transcript]:
        """Every final that waits, those rewritten until then with their new text; the thread ends."""
        with self._changed:
            last = self._waiting[-1] if self._waiting else None
            self._closed = True
            self._changed.notify()
        if last is not None:  # it is the last to be rewritten
            last.done.wait(max(0.0, (min(until_ns, last.due_ns) - self._clock.monotonic_ns()) / NS_PER_S))
        finals = self.flush()
        self._second_pass.stop()
        if self._thread.is_alive():
            self._thread.join(_END_S)
        return finals

    def _leaving(self) -> Iterator[Transcript]:
        while self._waiting and self._waiting[0].result is not None:
            one = self._waiting.popleft()
            if one.result is not None:
                self._count(one.result)
                yield one.result.final

    def _give_up(self, one: _Waiting, reason: Reason) -> None:
        if one.result is None:
            one.result = Rewritten(one.final, reason)
            one.done.set()

    def _count(self, rewritten: Rewritten) -> None:
        if rewritten.skipped is None:
            self._metrics.second_pass_finals.inc()
            return
        self._metrics.second_pass_skipped.labels(reason=rewritten.skipped).inc()
        if rewritten.skipped == "error" and rewritten.fault not in self._said and len(self._said) < _FAULTS_SAID:
            self._said.add(rewritten.fault)
            log.error("the second pass failed (%s); the first one's text stands", rewritten.fault)

    def _run(self) -> None:
        while True:
            with self._changed:
                one = self._next()
                while one is None and not self._closed:
                    self._changed.wait()
                    one = self._next()
                if one is None:
                    return
                one.started = True
            try:
                result = self._second_pass.rewrite(one.final)
            except Exception as error:  # noqa: BLE001 - the worker's edge: it costs the better text, not the final
                result = Rewritten(one.final, "error", f"{type(error).__name__}: {error}")
            with self._changed:
                if one.result is None:
                    one.result = result
                    one.done.set()

    def _next(self) -> _Waiting | None:
        return next((one for one in self._waiting if one.result is None and not one.started), None)
