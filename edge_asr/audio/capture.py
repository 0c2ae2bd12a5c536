"""Keeps a microphone open: choose, open, listen for life, close, back off, again; for as long as the process lives.

What it does it says by states (source.py), and what decides are the samples that arrive (stream_watch.py, vitals.py).
A microphone that is not there is a state with a reason, never an exception.
"""

import math
import threading
from collections.abc import Callable, Sequence

from edge_asr.audio.announcer import Announcer
from edge_asr.audio.auto_gain import AutoGain
from edge_asr.audio.back_off import BackOff
from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.deadline import DeadlineError, TooManyHungCallsError
from edge_asr.audio.devices import Microphone
from edge_asr.audio.gain import GainKeeper, GainNews
from edge_asr.audio.level_meter import LevelMeter
from edge_asr.audio.opener import MicrophoneStream, Opener
from edge_asr.audio.opening import opener_of
from edge_asr.audio.pulse import SilentServerError
from edge_asr.audio.ring import Ring
from edge_asr.audio.source import CaptureState, CaptureStatus
from edge_asr.audio.stream_names import StreamNames
from edge_asr.audio.stream_watch import Loss, StreamWatch
from edge_asr.audio.vitals import Limits
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.config import AudioConfig
from edge_asr.errors import CaptureError
from edge_asr.metrics import Metrics

FIRST_CHUNK_S = 5.0  # a source that sleeps takes up to 2 s to wake, Bluetooth longer
CLOSE_DEADLINE_S = 2.0
_STARTING_TICK_S = 0.1
_TICK_S = 1.0
_LATE_S = 1.0  # a look so much later than it was due: the process stood still, stopped or starved
_STALE_S = 30.0  # more than the slowest step: choose 2 x 2.5 s + list 5 s + open 5 s + close 2 s
_HANGING = (DeadlineError, SilentServerError, TooManyHungCallsError)


class Capture:
    """The capture thread and what it says of itself. All public methods are safe from any thread.

    Chunks go to `ring`; `on_state` is called once for each change, in the capture thread, or in that of `stop` when the
    former hangs. Each opening is a stream of its own: a new `stream_id`, `first_sample` from 0.
    """

    def __init__(
        self,
        config: AudioConfig,
        ring: Ring,
        clock: Clock,
        metrics: Metrics,
        on_state: Callable[[CaptureState], None],
        *,
        meters: Sequence[LevelMeter] = (),
        auto_gain: AutoGain | None = None,
        opener: Opener | None = None,
    ) -> None:
        self._config = config
        self._ring = ring
        self._clock = clock
        self._metrics = metrics
        self._opener = opener or opener_of(config, clock, metrics)
        self._meters = tuple(meters)
        self._auto_gain = auto_gain
        self._names = StreamNames(clock)
        limits = Limits(FIRST_CHUNK_S, config.no_chunk_timeout_s, config.one_value_alarm_s)
        self._watch = StreamWatch(limits, clock.monotonic_ns())
        self._microphone: Microphone | None = None
        self._stream: MicrophoneStream | None = None
        first = CaptureState("starting", config.source, "looking for the microphone")
        self._announcer = Announcer(first, metrics, on_state)
        self._lost_by = "start"  # the label of the next opening
        self._back_off = BackOff(config.reopen_min_s, config.reopen_max_s)
        self._opened_ns = 0
        self._heartbeat_ns = clock.monotonic_ns()
        self._stuck = False
        self._gain = GainKeeper()
        self._pause_wanted = False
        self._pause_due = False  # asked for since the thread last looked: a brief one counts too
        self._stopping = False
        self._sources_changed = False
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> CaptureState:
        """The newest state."""
        return self._announcer.state

    @property
    def healthy_or_backing_off(self) -> bool:
        """For the watchdog: the capture thread lives, and a new process would hear no better than this one."""
        age_ns = self._clock.monotonic_ns() - self._heartbeat_ns
        alive = self._thread is None or self._thread.is_alive()
        stuck = self._stuck and not self._pause_wanted  # a new process would not know of the mute, and listen
        return alive and not stuck and age_ns < _STALE_S * NS_PER_S

    def start(self) -> None:
        """Start the capture thread. Returns at once, whether there is a microphone or not."""
        self._opener.start(self.on_change)
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    def stop(self, deadline_s: float) -> None:
        """Close the microphone and end; what hangs longer than the deadline is left to the end of the process."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(deadline_s)
            self._announcer.say(self._ended())  # what hangs does not say it, and the last state stays on the broker

    def pause(self) -> None:
        """Close the microphone: muted means that nobody listens."""
        self._pause_wanted = True
        self._pause_due = True
        self._opener.give_up()
        self._wake.set()

    def resume(self) -> None:
        """Open it again."""
        self._pause_wanted = False
        self._wake.set()

    def set_gain(self, percent: int | None) -> None:
        """Volume that the source in use, and each that is opened later, is to have; None: whatever it has."""
        self._gain.want(percent)
        self._wake.set()

    @property
    def hears(self) -> bool:
        """Whether a microphone delivers; what, is another question."""
        return self.state.status in ("healthy", "silent")

    def gain_news(self) -> GainNews:
        """What is known of it, and what became of the newest wish. It is for one thread to ask."""
        return self._gain.news()

    def on_change(self, sources_changed: bool) -> None:
        """News from the sound system; from any thread, quick."""
        if sources_changed:
            self._sources_changed = True
        self._watch.streams_changed()
        self._wake.set()

    def step(self) -> float:
        """One look at everything. Returns the seconds until the next look, unless something wakes it earlier."""
        self._heartbeat_ns = self._clock.monotonic_ns()
        if self._pause_wanted or self._pause_due:
            return self._be_paused()
        if self.state.status == "muted":
            self._lost_by = "unmuted"
            self._back_off.forget(self._heartbeat_ns)
            self._announcer.say(CaptureState("starting", self._source_text(), "opening the microphone again"))
        if self._stream is None:
            return self._try_to_open()
        return self._check(self._stream)

    def waited_until(self, due_ns: int) -> None:
        """Called after each wait: a microphone is not gone because this process was not there to listen."""
        now_ns = self._clock.monotonic_ns()
        if now_ns - due_ns > _LATE_S * NS_PER_S:
            self._watch.stood_still(now_ns)

    def _run(self) -> None:
        while not self._stopping:
            try:
                delay_s = self.step()
            except Exception as error:  # noqa: BLE001 - the capture thread's edge: what nobody foresaw is a state too
                reason = f"capture failed ({type(error).__name__}: {error}); trying again"
                delay_s = self._lost("error", reason)
            due_ns = self._clock.monotonic_ns() + round(delay_s * NS_PER_S)
            self._wake.wait(delay_s)
            self._wake.clear()
            self.waited_until(due_ns)
        self._close()
        self._opener.stop()
        self._announcer.say(self._ended())

    def _ended(self) -> CaptureState:
        return CaptureState("stopped", self._source_text(), "capture has ended")

    def _be_paused(self) -> float:
        self._pause_due = False  # before the rest: one that is asked for meanwhile has its own turn
        self._close()
        self._opener.let_pass()
        reason = "nothing is heard, but the sound system has not closed the microphone yet"
        if not (self._stuck or self._opener.hangs):
            reason = "the microphone is closed"
        self._announcer.say(CaptureState("muted", self._source_text(), reason))
        return _TICK_S if self._pause_wanted else 0.0

    def _try_to_open(self) -> float:
        now_ns = self._clock.monotonic_ns()
        if self._sources_changed:
            self._back_off.hasten()
        left_s = self._back_off.left_s(now_ns)
        if left_s > 0:
            return min(_TICK_S, left_s)
        self._sources_changed = False
        self._back_off.begin(now_ns)
        try:
            self._open()
        except TooManyHungCallsError as error:
            self._stuck = True
            return self._failed(str(error), "hung")
        except CaptureError as error:
            self._stuck = False
            if self._pause_due:
                return 0.0  # it was given up
            return self._failed(str(error), "hung" if isinstance(error, _HANGING) else "lost")
        self._stuck = False
        return _STARTING_TICK_S

    def _open(self) -> None:
        microphone = self._opener.choose()
        self._microphone = microphone
        if self._pause_due:
            return  # muted while the sound system was asked
        stream_id = self._names.next()
        vitals = self._watch.opening(self._clock.monotonic_ns())

        def deliver(chunk: AudioChunk) -> None:
            vitals.take(chunk)
            if not self._pause_wanted:  # until it is closed; who is mute has no level
                for meter in self._meters:
                    meter.take(chunk)
            self._ring.push(chunk)

        self._stream = self._opener.open(microphone, stream_id, deliver)
        self._opened_ns = self._clock.monotonic_ns()
        self._watch.opened(vitals, self._opened_ns)
        self._metrics.capture_reopened.labels(reason=self._lost_by).inc()
        status: CaptureStatus = "starting" if self.state.status == "starting" else "recovering"
        self._announcer.say(CaptureState(status, microphone.description, "waiting for the first samples"))

    def _check(self, stream: MicrophoneStream) -> float:
        now_ns = self._clock.monotonic_ns()
        seen = self._watch.look(stream, self._name(), now_ns)
        if isinstance(seen, Loss):
            return self._lost(seen.label, seen.reason)
        if seen.vitality == "awaited":
            return _STARTING_TICK_S
        self._hear(now_ns, silent=seen.vitality == "silent")
        if seen.fresh:
            self._gain.apply(stream, look=seen.looked)
            if self._auto_gain is not None:
                self._gain.adjust(stream, self._auto_gain)
        return min(_TICK_S, seen.due_s or _TICK_S)

    def _hear(self, now_ns: int, *, silent: bool) -> None:
        if silent:
            reason = (
                f"'{self._name()}' delivers one value only, digital silence: is it muted, by a switch on it or in the "
                "sound server? another input, or a device without a microphone? edge-asr doctor says more"
            )
            self._announcer.say(CaptureState("silent", self._source_text(), reason))
        elif self.state.status != "healthy":
            self._announcer.say(CaptureState("healthy", self._source_text(), ""))
        self._back_off.heard(now_ns - self._opened_ns)

    def _lost(self, label: str, reason: str) -> float:
        self._lost_by = label
        # Say it first: closing may take its time, and what hangs must not delay the news.
        self._announcer.say(CaptureState("lost", self._source_text(), reason))
        self._close()
        return self._failed(reason)

    def _failed(self, reason: str, status: CaptureStatus = "lost") -> float:
        self._announcer.say(CaptureState(status, self._source_text(), reason))
        return min(_TICK_S, self._back_off.failed(self._clock.monotonic_ns()))

    def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        self._gain.closed()
        if self._auto_gain is not None:
            self._auto_gain.heard_nothing()
        try:
            stream.close(CLOSE_DEADLINE_S)
        except TooManyHungCallsError:
            self._stuck = True
        self._metrics.level_dbfs.set(math.nan)  # the last one would stand as if it were heard

    def _name(self) -> str:
        return self._microphone.stable_id if self._microphone else self._config.source

    def _source_text(self) -> str:
        return self._microphone.description if self._microphone else self._config.source
