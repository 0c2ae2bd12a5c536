"""Starts the threads in order, watches over them, stops them in reverse; feeds systemd's watchdog."""

import logging
import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Protocol

from edge_asr.audio.ring import Ring
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.errors import EXIT_FAILURE, EXIT_OK
from edge_asr.liveness import Liveness
from edge_asr.sinks.sink import Sink
from edge_asr.steering import Steering
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
        log.error("giving up: %(reason)s", {"reason": message})
        self.exit_code = EXIT_FAILURE
        self._event.set()

    def wait(self, wait_s: float) -> bool:
        """Whether to stop, after at most `wait_s`; a signal is seen at the end of it."""
        stop = self._event.wait(wait_s)
        if self._signal is not None:
            log.info("stopping on %(signal)s", {"signal": self._signal.name})
        return stop or self._signal is not None


class Supervisor:
    """Lives in the main thread; `run` returns the process' exit code. looks: called at every turn, they return soon.

    quiet: of who else computes in threads of its own: whether none does any more, after at most so many seconds.
    """

    def __init__(
        self,
        capture: Ears,
        ring: Ring,
        worker: Brain,
        sinks: Sequence[Sink],
        stop: StopRequest,
        steering: Steering,
        looks: Sequence[Callable[[], None]],
        clock: Clock,
        notifier: Notifier,
        liveness: Liveness | None = None,
        quiet: Sequence[Callable[[float], bool]] = (),
    ) -> None:
        self._capture = capture
        self._ring = ring
        self._worker = worker
        self._sinks = sinks
        self._stop = stop
        self._steering = steering
        self._looks = looks
        self._clock = clock
        self._notifier = notifier
        self._liveness = liveness or Liveness(clock)
        self._quiet = quiet
        self.left_behind = False  # after `run`: whether a thread still computes, and has to be cut off

    def run(self) -> int:
        """Start, serve until told to stop, stop. A missing microphone or broker is a state, not a reason to end."""
        for sink in self._sinks:
            sink.start()
        self._worker.start()
        self._steering.apply()  # who is mute, since the last run maybe, does not want the microphone opened first
        self._capture.start()
        self._notifier.ready()
        while not self._stop.wait(_TICK_S):
            self._steering.apply()
            for look in self._looks:
                look()
            faults = self._faults()
            self._liveness.beat(faults)
            if not faults:
                self._notifier.watchdog()
        self._shut_down()
        return self._stop.exit_code

    def _faults(self) -> tuple[str, ...]:
        """What a new process would mend."""
        faults = []
        age_s = self._worker.beat_age_s()
        if age_s >= _FRESH_BEAT_S:
            faults.append(f"the recognizer has not come round for {age_s:.0f} s")
        if not self._capture.healthy_or_backing_off:
            faults.append("the capture of the microphone hangs")
        return tuple(faults)

    def _shut_down(self) -> None:
        """Ears first, so that nothing new comes; then the brain drains what waits; then the mouth."""
        began_ns = self._clock.monotonic_ns()
        self._notifier.stopping()
        self._steering.finish()  # a mute that came right before the signal is to hold for the next start
        self._capture.stop(_CAPTURE_SHARE_S)
        self._ring.close()
        if not self._worker.stop(_WORKER_SHARE_S):
            log.warning("the recognizer did not finish in %.1f s; its last words are lost", _WORKER_SHARE_S)
            self.left_behind = True
        for sink in self._sinks:
            sink.stop(max(_LAST_SINK_S, self._left_s(began_ns)))
        if not self._steering.quiet(max(0.0, self._left_s(began_ns))):
            log.warning("a model was still being loaded; it is not waited for")
            self.left_behind = True
        if not all(quiet(max(0.0, self._left_s(began_ns))) for quiet in self._quiet):
            log.warning("a guest was still being heard; it is not waited for")
            self.left_behind = True

    def _left_s(self, began_ns: int) -> float:
        return _DRAIN_S - (self._clock.monotonic_ns() - began_ns) / NS_PER_S
