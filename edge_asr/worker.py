"""The recognizer's thread: ring -> Pipeline.process -> events -> sinks, and the rules of overload.

With a second pass, finals take a way round through its thread; everything is still published from this one.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from edge_asr.asr.recognizer import State
from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.ring import Ring
from edge_asr.brains import Brains
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.config import OverloadConfig
from edge_asr.dispatch import Dispatch
from edge_asr.fault_window import FaultWindow
from edge_asr.load import Effort
from edge_asr.metrics import Metrics
from edge_asr.observation import Observation, SpeechEnded, Transcript, is_final
from edge_asr.overload import Overload
from edge_asr.pipeline import Pipeline
from edge_asr.second_pass_worker import SecondPassWorker
from edge_asr.sinks.sink import Sink
from edge_asr.stamp import CaptureClock, Stamp
from edge_asr.worker_wishes import WorkerWishes

log = logging.getLogger(__name__)

_WAIT_S = 0.1
_QUIET_S = 1.0  # no chunk for so long: what is being said has been cut off
_DRAIN_SHARE = 0.6  # of the time to stop in; the rest is for the end of the utterance ...
_REWRITE_SHARE = 0.85  # ... and up to here for the second pass; what the first computes then is stopped


class Worker:
    """One thread that owns the pipeline. `on_fatal` is called in it when errors repeat; the thread then ends."""

    def __init__(
        self,
        ring: Ring,
        pipeline: Pipeline[State],
        stamp: Stamp,
        capture_clock: CaptureClock,
        sinks: Sequence[Sink],
        clock: Clock,
        overload: OverloadConfig,
        metrics: Metrics,
        on_fatal: Callable[[str], None],
        second_pass: SecondPassWorker | None = None,
    ) -> None:
        self._ring = ring
        self._pipeline = pipeline
        self._stamp = stamp
        self._capture_clock = capture_clock
        self._dispatch = Dispatch(sinks, metrics)
        self._clock = clock
        self.overload = Overload(overload, metrics)  # other threads may ease it
        self._metrics = metrics
        self._on_fatal = on_fatal
        self._second_pass = second_pass
        self._stopping = threading.Event()
        self._wishes = WorkerWishes(clock)
        self._next: Brains | None = None
        self._exchanging = threading.Lock()  # guards that both passes are seen of one pair
        self._busy_ns = 0  # these two only grow, so that another thread may read them
        self._heard_s = 0.0
        self._drain_end_ns: int | None = None
        self._rewrite_end_ns = 0
        self._stream_id = ""
        self._faults = FaultWindow()
        self._last_chunk_ns: int | None = None
        self._captured_ns = 0  # of the chunk before
        self._beat_ns = clock.monotonic_ns()
        self._thread = threading.Thread(target=self._run, name="recognizer", daemon=True)

    def start(self) -> None:
        """Start the thread, and that of the second pass."""
        if self._second_pass is not None:
            self._second_pass.start()
        self._thread.start()

    def mute(self, *, on: bool) -> None:
        """End the utterance as `mute` and drop, counted, what still comes; or hear what is said from now on.

        Any thread. A busy worker may notice neither the one nor the other in time: the stamps of the chunks tell.
        """
        self._wishes.mute(on=on)

    def set_sensitivity(self, sensitivity: int) -> None:
        """How readily the gate opens, 0 to 100, from the next chunk on; the last of many counts. Any thread.

        Raises ConfigError, in the thread that asks.
        """
        self._wishes.set_sensitivity(sensitivity)

    def exchange(self, brains: Brains) -> None:
        """Hear with others from the end of the present utterance on; the newest count. Any thread.

        Finals that wait for the second pass then go out with the text that they have.
        """
        self._next = brains

    @property
    def exchanged(self) -> bool:
        """Whether no exchange waits for the end of an utterance. Any thread."""
        return self._next is None

    def listen_now(self, seconds: float) -> None:
        """Begin a segment with what is heard from now on, voice or not, for so long. Any thread.

        It is forgotten when nothing is captured within a second.
        """
        self._wishes.listen_now(seconds)

    @property
    def listening_now(self) -> bool:
        """Whether that has begun and lasts. Any thread."""
        return self._pipeline.listening_now

    @property
    def brains(self) -> Brains:
        """What hears now: for guests, who share it. Any thread."""
        with self._exchanging:
            return Brains(self._pipeline.recognizer, self._second_pass)

    def effort(self) -> Effort:
        """What it has done since its start, and the worst lag since this was asked last. For one other thread."""
        return Effort(self._busy_ns / NS_PER_S, self._heard_s, self.overload.take_worst_lag_s())

    def beat_age_s(self) -> float:
        """Seconds since the loop last came round; any thread."""
        return (self._clock.monotonic_ns() - self._beat_ns) / NS_PER_S

    def stop(self, deadline_s: float) -> bool:
        """Decode what waits in the closed ring, end the utterance as `shutdown`; False when that took too long.

        Audio that is not decoded in most of that time is dropped and counted, so that the words before it get out.
        """
        now_ns = self._clock.monotonic_ns()
        self._rewrite_end_ns = now_ns + round(deadline_s * _REWRITE_SHARE * NS_PER_S)
        self._drain_end_ns = now_ns + round(deadline_s * _DRAIN_SHARE * NS_PER_S)
        self._stopping.set()
        self._thread.join(deadline_s * _REWRITE_SHARE)
        if self._thread.is_alive():  # the utterance then ends as `error`, with the words of its last partial
            self._pipeline.stop()
            self._thread.join(deadline_s * (1.0 - _REWRITE_SHARE))
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            try:
                self._work()
            finally:  # finals that wait for their second pass get what time is left
                if self._second_pass is not None:
                    self._publish(self._second_pass.finish(self._rewrite_end_ns))
        except Exception as error:  # noqa: BLE001 - a process whose worker is dead must not look alive
            self._on_fatal(f"the recognizer's thread ended ({type(error).__name__}: {error})")

    def _work(self) -> None:
        while True:
            self._beat_ns = self._clock.monotonic_ns()
            try:
                going = self._turn()
                if self._second_pass is not None:
                    self._publish(self._second_pass.collect(skip=self.overload.skip))
                    self._second_pass.foresee(self._pipeline.candidate, skip=self.overload.skip)
                if not going:
                    self._emit(self._pipeline.end(EndReason.SHUTDOWN))
                    return
            except Exception as error:  # noqa: BLE001 - the worker's edge: one utterance is lost, not the process
                if self._failed(error):
                    return

    def _exchange(self, brains: Brains) -> None:
        with self._exchanging:
            old, self._second_pass = self._second_pass, brains.second_pass
            self._pipeline.exchange(brains.recognizer)
        if old is not brains.second_pass:  # else other sentences alone are listened for, and it goes on
            if old is not None:
                self._publish(old.finish(self._clock.monotonic_ns()))
            if brains.second_pass is not None:
                brains.second_pass.start()
        self._stamp.exchange(brains.recognizer.language, brains.recognizer.model)
        if self._next is brains:
            self._next = None

    def _turn(self) -> bool:
        """One chunk, or one wait for it; False when there is nothing left to do."""
        following = self._next
        if following is not None and self._pipeline.between_utterances:
            self._exchange(following)
        stopping = self._stopping.is_set()  # asked before the pop: what comes in between is taken the next time
        chunk = self._ring.pop(_WAIT_S)
        now_ns = self._clock.monotonic_ns()
        if chunk is None:
            self.overload.idle()
            self._cut_off(now_ns)
            return not stopping
        if self._drain_end_ns is not None and now_ns > self._drain_end_ns:
            self._drop_rest(chunk)
            return False
        if self._wishes.unheard(chunk.captured_ns):
            self._emit(self._pipeline.end(EndReason.MUTE))
            self._metrics.audio_dropped_seconds.labels(reason="mute").inc(chunk.duration_s)
            return True
        self._last_chunk_ns = now_ns
        self.overload.consume((now_ns - chunk.captured_ns) / NS_PER_S)
        if self.overload.too_late and not stopping:
            self._flush(chunk.duration_s, now_ns)
            return True
        if chunk.stream_id != self._stream_id:
            self._stream_id = chunk.stream_id
            self._emit(self._pipeline.end(EndReason.DISCONTINUITY))  # stamped by the old stream's clock
            if self._second_pass is not None:
                self._publish(self._second_pass.flush())
        elif chunk.captured_ns - self._captured_ns > _QUIET_S * NS_PER_S:  # it came too soon for `_cut_off` to see
            self._emit(self._pipeline.end(EndReason.DISCONTINUITY))
        self._captured_ns = chunk.captured_ns
        self._wishes.tune(self._pipeline, chunk.captured_ns)
        self._capture_clock.observe(chunk)
        partials = self.overload.partials
        if not partials:
            self._metrics.partials_suppressed.inc()
        try:
            self._emit(self._pipeline.process(chunk, partials=partials))
        finally:  # what fails has consumed it all the same
            took_ns = self._clock.monotonic_ns() - now_ns
            self._busy_ns += took_ns
            self._heard_s += chunk.duration_s
            self._metrics.consumed(
                chunk.duration_s, took_ns / NS_PER_S, gate_open=not self._pipeline.between_utterances
            )
        return True

    def _cut_off(self, now_ns: int) -> None:
        """No chunk came: end what was being said, at once when muted, else when none has come for a while."""
        if self._last_chunk_ns is None:
            return
        if self._wishes.muted or now_ns - self._last_chunk_ns > _QUIET_S * NS_PER_S:
            self._last_chunk_ns = None
            self._emit(self._pipeline.end(EndReason.MUTE if self._wishes.muted else EndReason.DISCONTINUITY))

    def _flush(self, in_hand_s: float, now_ns: int) -> None:
        """Too late: drop all but the newest audio; the gap ends the utterance."""
        dropped_s = self._ring.flush_to_newest(self.overload.keep_s)
        self._metrics.audio_dropped_seconds.labels(reason="lag").inc(in_hand_s)
        self.overload.flushed(dropped_s + in_hand_s, now_ns)

    def _drop_rest(self, chunk: AudioChunk) -> None:
        """Stopping, and no time left: what still waits is lost."""
        dropped_s = chunk.duration_s + self._ring.drain()
        self._metrics.audio_dropped_seconds.labels(reason="shutdown").inc(dropped_s)
        log.warning("stopping: %(dropped_s).1f s of audio were not decoded any more", {"dropped_s": dropped_s})

    def _emit(self, observations: list[Observation]) -> None:
        for observation in observations:
            if self._second_pass is None or not is_final(observation):
                self._dispatch.send(self._stamp.event(observation))
            else:
                self._publish(self._second_pass.submit(observation, skip=self.overload.skip))

    def _publish(self, finals: list[Transcript]) -> None:
        for final in finals:
            self._dispatch.send(self._stamp.event(final))

    def _failed(self, error: Exception) -> bool:
        """End the utterance as `error`; True when this has happened too often to go on."""
        self._metrics.worker_errors.labels(error=type(error).__name__).inc()
        said = {"error": type(error).__name__, "reason": error}
        log.error("recognition failed (%(error)s: %(reason)s); the utterance is lost", said)
        seen = self._pipeline.abandon()
        self._emit(seen)
        message = f"{type(error).__name__}: {error}"
        self._dispatch.send(self._stamp.error("recognition", message, *self._lost_segment(seen)))
        times = self._faults.too_many(self._clock.monotonic_ns())
        if times:
            self._on_fatal(f"recognition failed {times} times within a minute; last: {message}")
        return times > 0

    def _lost_segment(self, seen: list[Observation]) -> tuple[str, str]:
        """Stream and segment of the utterance that an error has ended; no segment when nobody was speaking."""
        last = seen[-1] if seen else None
        if isinstance(last, SpeechEnded) and last.end_reason is EndReason.ERROR:
            return last.stream_id, last.segment_id
        return self._stream_id, ""
