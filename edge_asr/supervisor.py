"""Starts the threads in order, watches over them, stops them in reverse; feeds systemd's watchdog."""

import logging
import signal
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Protocol

from edge_asr.answers import Answers
from edge_asr.audio.ring import Ring
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.controls import Controls
from edge_asr.errors import EXIT_FAILURE, EXIT_OK
from edge_asr.sinks.sink import Sink
from edge_asr.systemd import Notifier

log = logging.getLogger(__name__)

_TICK_S = 0.2
_FRESH_BEAT_S = 5.0
# What promises to end within 3 s of the signal: a tick until it is seen, the drain, a last sink that begins when the
# drain is over, and what remains for the interpreter to go.
_DRAIN_S = 2.2
_CAPTURE_SHARE_S = 0.5
_WORKER_SHARE_S = 1.2  # the sinks have at least the rest
_LAST_SINK_S = 0.1


class Ears(Protocol):
    """What the supervisor needs of capture."""

    @property
    def healthy_or_backing_off(self) -> bool:
        """Whether a restart of the process would not help it."""
        ...

    def start(self) -> None:
        """Start its thread."""
        ...

    def pause(self) -> None:
        """Close the microphone."""
        ...

    def resume(self) -> None:
        """Open it again."""
        ...

    def stop(self, deadline_s: float) -> None:
        """Close the microphone and end its thread."""
        ...


class Brain(Protocol):
    """What the supervisor needs of the worker."""

    def start(self) -> None:
        """Start its thread."""
        ...

    def beat_age_s(self) -> float:
        """Seconds since its loop last came round."""
        ...

    def mute(self, *, on: bool) -> None:
        """End what is being said and hear nothing more, or hear again."""
        ...

    def set_sensitivity(self, sensitivity: int) -> None:
        """How readily the gate opens, 0 to 100."""
        ...

    def stop(self, deadline_s: float) -> bool:
        """Finish what is left; False when that took too long."""
        ...


class StopRequest:
    """Why and with what exit code to stop; set from any thread or a signal, waited for by the supervisor."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._signal: signal.Signals | None = None
        self.exit_code = EXIT_OK

    def signalled(self, number: int, _frame: FrameType | None = None) -> None:
        """Handle a signal: stop in good order. It takes no lock: the thread that it interrupts may hold it."""
        self._signal = signal.Signals(number)

    def fatal(self, message: str) -> None:
        """Stop because going on is useless; whoever started the process may start it again."""
        log.error("giving up: %s", message)
        self.exit_code = EXIT_FAILURE
        self._event.set()

    def wait(self, wait_s: float) -> bool:
        """Whether to stop, after at most `wait_s`; a signal is seen at the end of it."""
        stop = self._event.wait(wait_s)
        if self._signal is not None:
            log.info("stopping on %s", self._signal.name)
        return stop or self._signal is not None


class Supervisor:
    """Lives in the main thread; `run` returns the process' exit code."""

    def __init__(
        self,
        capture: Ears,
        ring: Ring,
        worker: Brain,
        sinks: Sequence[Sink],
        stop: StopRequest,
        controls: Controls,
        answers: Answers,
        clock: Clock,
        notifier: Notifier,
    ) -> None:
        self._capture = capture
        self._ring = ring
        self._worker = worker
        self._sinks = sinks
        self._stop = stop
        self._controls = controls
        self._answers = answers
        self._in_force = controls.configured
        self._clock = clock
        self._notifier = notifier

    def run(self) -> int:
        """Start, serve until told to stop, stop. A missing microphone or broker is a state, not a reason to end."""
        for sink in self._sinks:
            sink.start()
        self._worker.start()
        self._apply(always=True)  # who is mute, since the last run maybe, does not want the microphone opened first
        self._capture.start()
        self._notifier.ready()
        while not self._stop.wait(_TICK_S):
            self._apply()
            if self._worker.beat_age_s() < _FRESH_BEAT_S and self._capture.healthy_or_backing_off:
                self._notifier.watchdog()
        self._shut_down()
        return self._stop.exit_code

    def _apply(self, *, always: bool = False) -> None:
        """Do what signals and commands want; answer each command, and whatever changed something."""
        wanted, commanded, faults = self._controls.take()
        before, self._in_force = self._in_force, wanted
        if wanted.mute != before.mute:
            self._apply_mute(on=wanted.mute)
        if wanted.sensitivity != before.sensitivity:
            self._worker.set_sensitivity(wanted.sensitivity)
        if always or commanded or wanted != before:
            self._answers.applied(wanted)
        for fault in faults:
            self._answers.refused(fault)
        self._answers.keep()

    def _apply_mute(self, *, on: bool) -> None:
        """The brain first: what is on its way from the ears is not heard any more."""
        self._worker.mute(on=on)
        if on:
            self._capture.pause()
        else:
            self._capture.resume()

    def _shut_down(self) -> None:
        """Ears first, so that nothing new comes; then the brain drains what waits; then the mouth."""
        began_ns = self._clock.monotonic_ns()
        self._notifier.stopping()
        self._apply()  # a mute that came right before the signal is to hold for the next start
        self._answers.keep(at_once=True)
        self._capture.stop(_CAPTURE_SHARE_S)
        self._ring.close()
        if not self._worker.stop(_WORKER_SHARE_S):
            log.warning("the recognizer did not finish in %.1f s; its last words are lost", _WORKER_SHARE_S)
        for sink in self._sinks:
            spent_s = (self._clock.monotonic_ns() - began_ns) / NS_PER_S
            sink.stop(max(_LAST_SINK_S, _DRAIN_S - spent_s))
