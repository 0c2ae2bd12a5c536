"""The second pass beside the live one: a thread that rewrites finals, and the order in which they come out again.

The recognizer's thread hands finals in and takes them out; only computing happens here. A final leaves after
`deadline_s` at the latest, with the text that it has by then, and never before the one that was handed in before it.

While nothing else is to be done it computes ahead what is likely to become a final: one at a time, and a few for each
segment. When speech goes on, that was in vain and is given up.
"""

import logging
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from edge_asr.asr.rescorer import Rescorer
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.metrics import Metrics
from edge_asr.observation import Transcript
from edge_asr.second_pass import Reason, Rewritten, SecondPass

log = logging.getLogger(__name__)

_QUEUE_SEGMENTS = 8
_FAULTS_SAID = 4  # different ones in the log; each segment may fail in its own words
_AHEAD_PER_SEGMENT = 3  # of 78 recordings 4 had more pauses that were taken for the end than two
_SOON_S = 0.02  # a final whose text is there is worth waiting for: the next chunk comes no sooner
_END_S = 0.1  # what a network needs to notice that it shall stop


@dataclass(slots=True, eq=False)
class _Ahead:
    """What is likely to become a final, being computed."""

    candidate: Transcript
    wanted: bool = True
    hurried: bool = False  # its final has come and waits
    started: bool = False
    done: bool = False


@dataclass(slots=True)
class _Waiting:
    """One final on its way; `result` is set by the thread, or by whoever gives up on it."""

    final: Transcript
    due_ns: int
    ahead: _Ahead | None = None  # the computing that was begun before it came
    started: bool = False
    result: Rewritten | None = None
    done: threading.Event = field(default_factory=threading.Event)


class SecondPassWorker:
    """One thread around a SecondPass. `foresee`, `submit`, `collect` and `finish` belong to one other thread."""

    def __init__(
        self, second_pass: SecondPass, deadline_s: float, clock: Clock, metrics: Metrics, *, speculate: bool = True
    ) -> None:
        self._second_pass = second_pass
        self._deadline_ns = round(deadline_s * NS_PER_S)
        self._clock = clock
        self._metrics = metrics
        self._speculate = speculate
        self._ahead: _Ahead | None = None
        self._ahead_in = ""  # segment, and how many there were in it
        self._ahead_count = 0
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition(threading.Lock())
        self._closed = False
        self._computing = False
        self._said: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="second-pass", daemon=True)

    @property
    def rescorer(self) -> Rescorer:
        """What decodes; immutable, and stopped when this one is. Any thread."""
        return self._second_pass.rescorer

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Whether nothing is being computed, nor waits to be. Any thread."""
        with self._changed:
            return not self._computing and self._next() is None

    def foresee(self, candidate: Transcript | None, *, skip: Reason | None) -> None:
        """Begin with what is likely to become a final; another one than before, or None, gives up that one.

        Tell it after every chunk, after the finals of that chunk. There is none beside a final that waits.
        """
        with self._changed:
            if skip is not None or self._waiting or not self._speculate:
                candidate = None
            if self._ahead is not None and self._ahead.candidate is not candidate:
                self._void(self._ahead)
                self._ahead = None
            if candidate is None or self._ahead is not None:
                return
            if candidate.segment_id != self._ahead_in:
                self._ahead_in, self._ahead_count = candidate.segment_id, 0
            if self._ahead_count < _AHEAD_PER_SEGMENT:
                self._ahead_count += 1
                self._ahead = _Ahead(candidate)
                self._changed.notify()

    def submit(self, final: Transcript, *, skip: Reason | None) -> list[Transcript]:
        """Take a final; what leaves at once, because the queue is full or there is a reason to `skip`, is returned.

        So is one whose text was computed ahead.
        """
        waiting = _Waiting(final, self._clock.monotonic_ns() + self._deadline_ns)
        if skip is not None:
            self._give_up(waiting, skip)
        with self._changed:
            self._claim(waiting)
            if len(self._waiting) >= _QUEUE_SEGMENTS:
                self._give_up(self._waiting[0], "queue_full")
            self._waiting.append(waiting)
            self._changed.notify()
            soon = waiting.ahead is not None and waiting.ahead.done
        if soon:
            waiting.done.wait(_SOON_S)
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
            if self._ahead is not None:
                self._void(self._ahead)
                self._ahead = None
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
                if one.ahead is not None:
                    self._count_ahead(used=one.result.foreseen)
                yield one.result.final

    def _give_up(self, one: _Waiting, reason: Reason) -> None:
        if one.result is None:
            one.result = Rewritten(one.final, reason)
            one.done.set()
            if one.ahead is not None:
                one.ahead.wanted = False

    def _claim(self, waiting: _Waiting) -> None:
        """The final has come: what was computed ahead is for it, or in vain."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return
        if waiting.result is None and ahead.started and self._second_pass.same_sound(ahead.candidate, waiting.final):
            waiting.ahead, ahead.hurried = ahead, True
        else:
            self._void(ahead)

    def _void(self, ahead: _Ahead) -> None:
        ahead.wanted = False
        if ahead.started:
            self._count_ahead(used=False)

    def _count_ahead(self, *, used: bool) -> None:
        self._metrics.second_pass_speculations.labels(outcome="used" if used else "void").inc()

    def _count(self, rewritten: Rewritten) -> None:
        if rewritten.skipped is None:
            self._metrics.second_pass_finals.inc()
            return
        self._metrics.second_pass_skipped.labels(reason=rewritten.skipped).inc()
        if rewritten.skipped == "error" and rewritten.fault not in self._said and len(self._said) < _FAULTS_SAID:
            self._said.add(rewritten.fault)
            log.error("the second pass failed (%(reason)s); the first one's text stands", {"reason": rewritten.fault})

    def _run(self) -> None:
        while True:
            with self._changed:
                one = self._next()
                while one is None and not self._closed:
                    self._changed.wait()
                    one = self._next()
                if one is None:
                    return
                one.started = self._computing = True
            began_ns = self._clock.monotonic_ns()
            if isinstance(one, _Ahead):
                self._compute_ahead(one)
            else:
                self._rewrite(one)
            self._metrics.second_pass_compute_seconds.inc((self._clock.monotonic_ns() - began_ns) / NS_PER_S)
            with self._changed:
                self._computing = False

    def _rewrite(self, one: _Waiting) -> None:
        try:
            result = self._second_pass.rewrite(one.final, lambda: self._has_time(one, 1 / 2), lambda: self._alone(one))
        except Exception as error:  # noqa: BLE001 - the worker's edge: it costs the better text, not the final
            result = Rewritten(one.final, "error", f"{type(error).__name__}: {error}")
        with self._changed:
            if one.result is None:
                one.result = result
                one.done.set()

    def _has_time(self, one: _Waiting, share: float) -> bool:
        """Whether this share of its time is left: what is begun must end before the final is due."""
        return self._clock.monotonic_ns() < one.due_ns - self._deadline_ns * share

    def _alone(self, one: _Waiting) -> bool:
        """Whether there is time to hear it again, and to vote after that, and nobody else waits."""
        with self._changed:
            alone = not self._closed and one.result is None and self._next() is None
        return alone and self._has_time(one, 3 / 4)

    def _compute_ahead(self, ahead: _Ahead) -> None:
        try:
            self._second_pass.foresee(ahead.candidate, lambda: ahead.wanted, lambda: not ahead.hurried)
        except Exception as error:  # noqa: BLE001 - the same: its final will say what is wrong
            log.debug("computing ahead failed: %(error)s", {"error": type(error).__name__})
        with self._changed:
            ahead.done = True

    def _next(self) -> _Waiting | _Ahead | None:
        """What is to be computed; finals first."""
        for one in self._waiting:
            if one.result is None and not one.started:
                return one
        return self._ahead if self._ahead is not None and not self._ahead.started else None
