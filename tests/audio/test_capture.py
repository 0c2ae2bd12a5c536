"""Capture's decisions, step by step, with a sound system of plain objects and a clock that is moved by hand."""

from itertools import pairwise

import pytest

from edge_asr.audio.capture import CLOSE_DEADLINE_S, FIRST_CHUNK_S, Capture, StreamNames
from edge_asr.audio.deadline import TooManyHungCallsError
from edge_asr.audio.ring import Ring
from edge_asr.audio.source import CaptureState
from edge_asr.config import AudioConfig
from edge_asr.errors import CaptureError
from edge_asr.metrics import Metrics
from tests.audio.microphones import FakeOpener, FakeStream
from tests.fakes import HandClock
from tests.waiting import wait_until

CONFIG = AudioConfig(source="usb_mic", no_chunk_timeout_s=3.0, reopen_min_s=0.5, reopen_max_s=10.0)


class Room:
    """A capture that is stepped by hand."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.metrics = Metrics()
        self.ring = Ring(10.0, self.metrics)
        self.opener = FakeOpener(self.clock)
        self.states: list[CaptureState] = []
        self.capture = Capture(CONFIG, self.ring, self.clock, self.metrics, self.states.append, opener=self.opener)

    @property
    def stream(self) -> FakeStream:
        return self.opener.streams[-1]

    @property
    def status(self) -> str:
        return str(self.capture.state.status)

    def watchdog_is_fed(self) -> bool:
        return self.capture.healthy_or_backing_off

    @property
    def statuses(self) -> list[str]:
        return [state.status for state in self.states]

    def healthy(self) -> None:
        self.capture.step()
        self.stream.chunk()
        self.capture.step()
        assert self.status == "healthy"

    def run_for(self, seconds: float) -> None:
        """Step as the thread would, nothing waking it."""
        end_ns = self.clock.ns + round(seconds * 1e9)
        while self.clock.ns < end_ns:
            self.clock.advance_s(max(self.capture.step(), 0.001))

    def until_open(self) -> float:
        """Step until a stream is open; seconds that it took."""
        began_ns = self.clock.ns
        while not self.opener.streams or self.stream.closed_within_s is not None:
            self.clock.advance_s(0.01)
            self.capture.step()
        return (self.clock.ns - began_ns) / 1e9

    def reopened(self, reason: str) -> float:
        return self.metrics.registry.get_sample_value("edge_asr_capture_reopened_total", {"reason": reason}) or 0.0

    def gauge(self) -> float | None:
        return self.metrics.registry.get_sample_value("edge_asr_capture_healthy")


@pytest.fixture
def room() -> Room:
    return Room()


def test_healthy_means_that_samples_arrive_not_that_it_is_open(room: Room) -> None:
    room.capture.step()
    room.run_for(1.0)
    assert room.statuses == ["starting"]
    room.stream.chunk()
    room.capture.step()
    assert room.statuses == ["starting", "healthy"]
    assert room.capture.state == CaptureState("healthy", "Virtual_USB_Mic", "")
    assert room.gauge() == 1.0
    assert room.reopened("start") == 1.0
    popped = room.ring.pop(0.0)
    assert popped is not None
    assert popped.stream_id == room.stream.stream_id


def test_a_source_that_falls_silent_is_lost_after_the_limit_and_not_before(room: Room) -> None:
    room.healthy()
    first = room.stream
    room.run_for(2.9)
    assert room.status == "healthy"
    room.clock.advance_s(0.2)
    room.capture.step()
    assert room.status == "lost"
    assert room.capture.state.reason == "'pulse:usb_mic' has delivered nothing for 3 s; reopening it"
    assert first.closed_within_s == CLOSE_DEADLINE_S
    assert room.gauge() == 0.0
    room.run_for(0.6)
    assert room.stream is not first
    assert room.stream.stream_id != first.stream_id
    room.stream.chunk()
    room.capture.step()
    assert room.statuses == ["starting", "healthy", "lost", "healthy"]
    assert room.reopened("no_chunks") == 1.0


def test_a_source_that_never_begins_gets_more_time_and_is_lost_then(room: Room) -> None:
    room.capture.step()
    room.run_for(FIRST_CHUNK_S - 0.2)
    assert room.statuses == ["starting"]
    room.run_for(0.4)
    assert room.status == "lost"


def test_a_stream_that_ended_is_lost_at_once(room: Room) -> None:
    room.healthy()
    room.stream.active = False
    room.capture.step()
    assert room.status == "lost"
    assert "was ended by the sound system" in room.capture.state.reason
    room.run_for(0.6)
    assert room.reopened("ended") == 1.0


def test_a_stream_that_was_moved_is_not_listened_to(room: Room) -> None:
    room.healthy()
    moved = room.stream
    moved.other_source = "feed.monitor"
    room.stream.chunk()  # samples go on, from the wrong room
    room.capture.on_change(False)
    room.capture.step()
    assert room.status == "lost"
    assert "'feed.monitor' is not listened to" in room.capture.state.reason
    assert moved.closed_within_s is not None
    room.run_for(0.6)
    assert room.reopened("moved") == 1.0


def test_the_server_is_asked_for_the_move_even_if_it_says_nothing(room: Room) -> None:
    room.healthy()
    for _ in range(12):
        room.clock.advance_s(0.5)
        room.stream.chunk()
        room.capture.step()
    assert room.stream.asked == 1
    room.stream.other_source = "feed.monitor"
    for _ in range(11):
        room.clock.advance_s(0.5)
        room.stream.chunk()
        room.capture.step()
    assert "not listened to" in " ".join(state.reason for state in room.states)


def test_a_missing_microphone_is_a_state_with_a_reason_said_once(room: Room) -> None:
    room.opener.fault = CaptureError("source 'usb_mic' is not there; waiting for it. Present: none")
    room.run_for(60.0)
    assert room.states == [CaptureState("lost", "usb_mic", str(room.opener.fault))]
    assert room.watchdog_is_fed()
    room.opener.fault = None
    room.until_open()
    room.stream.chunk()
    room.capture.step()
    assert room.statuses == ["lost", "healthy"]
    assert room.reopened("start") == 1.0


def test_back_off_doubles_to_its_limit(room: Room) -> None:
    room.opener.fault = CaptureError("no")
    times: list[float] = []
    for _ in range(8):
        before = room.opener.attempts
        while room.opener.attempts == before:
            room.clock.advance_s(0.01)
            room.capture.step()
        times.append(room.clock.ns / 1e9)
    delays = [later - earlier for earlier, later in pairwise(times)]
    for delay, longest in zip(delays, [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0], strict=True):
        assert 0.8 * longest - 0.02 <= delay <= longest + 0.02


def test_a_loose_contact_does_not_reset_the_back_off_but_a_long_life_does(room: Room) -> None:
    def live_for(seconds: float) -> None:
        for _ in range(round(seconds)):
            room.stream.chunk()
            room.capture.step()
            room.clock.advance_s(1.0)
        room.stream.active = False
        room.capture.step()

    room.until_open()
    pauses: list[float] = []
    for _ in range(4):
        live_for(3.0)
        pauses.append(room.until_open())
    assert pauses == sorted(pauses)
    assert pauses[-1] > 3.0
    live_for(CONFIG.reopen_max_s + 2.0)
    assert room.until_open() < 0.6


def test_a_microphone_that_is_plugged_in_ends_the_back_off(room: Room) -> None:
    room.opener.fault = CaptureError("no")
    room.run_for(30.0)
    attempts = room.opener.attempts
    while room.opener.attempts == attempts:
        room.clock.advance_s(0.01)
        room.capture.step()
    room.opener.fault = None  # from here on the back-off is at its longest
    room.clock.advance_s(1.0)
    room.capture.on_change(False)  # somebody turns a volume: no reason
    room.capture.step()
    assert room.opener.streams == []
    room.capture.on_change(True)
    room.capture.step()
    assert len(room.opener.streams) == 1


def test_news_cannot_make_it_hammer_at_a_broken_server(room: Room) -> None:
    room.opener.fault = CaptureError("no")
    for _ in range(1000):
        room.clock.advance_s(0.01)
        room.capture.on_change(True)
        room.capture.step()
    assert room.opener.attempts <= 10.0 / CONFIG.reopen_min_s + 1


def test_mute_closes_the_microphone_and_unmute_opens_a_new_stream(room: Room) -> None:
    room.healthy()
    muted = room.stream
    room.capture.pause()
    room.capture.step()
    assert room.status == "muted"
    assert "closed" in room.capture.state.reason
    assert muted.closed_within_s is not None
    room.run_for(100.0)
    assert len(room.opener.streams) == 1
    assert room.watchdog_is_fed()
    room.capture.resume()
    room.capture.step()
    room.stream.chunk()
    room.capture.step()
    assert room.stream is not muted
    assert room.statuses == ["starting", "healthy", "muted", "starting", "starting", "healthy"]
    assert room.reopened("unmuted") == 1.0


def test_calls_that_hang_for_ever_are_for_the_watchdog(room: Room) -> None:
    room.healthy()
    room.opener.fault = TooManyHungCallsError("opening is not tried: 4 earlier calls never returned; restart edge-asr")
    room.stream.active = False
    room.capture.step()
    assert room.watchdog_is_fed()
    room.run_for(1.0)
    assert not room.watchdog_is_fed()
    assert "restart edge-asr" in room.capture.state.reason
    room.opener.fault = None  # they returned after all
    room.run_for(10.0)
    assert room.watchdog_is_fed()


def test_a_close_that_is_not_even_tried_is_for_the_watchdog_too(room: Room) -> None:
    room.healthy()
    room.stream.close_error = TooManyHungCallsError("closing is not tried")
    room.stream.active = False
    room.capture.step()
    assert not room.watchdog_is_fed()
    assert room.status == "lost"


def test_a_capture_thread_that_hangs_is_for_the_watchdog(room: Room) -> None:
    room.healthy()
    room.clock.advance_s(29.0)
    assert room.watchdog_is_fed()
    room.clock.advance_s(2.0)
    assert not room.watchdog_is_fed()


def test_the_thread_starts_stops_and_lets_everything_go(room: Room) -> None:
    room.capture.start()
    wait_until(lambda: room.opener.streams, 5.0, "opened")
    room.stream.chunk()
    wait_until(lambda: room.status == "healthy", 5.0, "healthy")
    room.capture.stop(5.0)
    assert room.status == "stopped"
    assert room.stream.closed_within_s is not None
    assert room.opener.started
    assert room.opener.stopped
    assert not room.watchdog_is_fed()


def test_what_nobody_foresaw_is_a_state_and_the_thread_goes_on(room: Room) -> None:
    room.opener.fault = MemoryError("no room for a callback")
    room.capture.start()
    wait_until(lambda: room.status == "lost", 5.0, "lost")
    assert "MemoryError: no room for a callback" in room.capture.state.reason
    room.opener.fault = None
    room.clock.advance_s(20.0)
    wait_until(lambda: room.opener.streams, 5.0, "opened")
    room.stream.chunk()
    wait_until(lambda: room.status == "healthy", 5.0, "healthy")
    room.capture.stop(5.0)


def test_stop_without_start_is_nothing(room: Room) -> None:
    room.capture.stop(1.0)
    assert room.states == []


def test_stream_names_never_repeat_not_even_when_the_clock_stands_or_falls_back() -> None:
    clock = HandClock()
    names = StreamNames(clock)
    issued = [names.next() for _ in range(50)]
    clock.advance_s(-0.5)
    issued += [names.next() for _ in range(50)]
    assert len(set(issued)) == 100
    assert issued == sorted(issued)
    assert all(name.isalnum() and name.islower() and len(name) <= 10 for name in issued)
    # Another process in the same second of the same clock, as on a machine that wakes with a stale clock.
    assert len({StreamNames(HandClock()).next() for _ in range(20)}) > 15
