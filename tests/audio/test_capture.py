"""Capture's decisions, step by step: when it is healthy, when it is lost, and what the watchdog is told."""

from edge_asr.audio.capture import CLOSE_DEADLINE_S, FIRST_CHUNK_S
from edge_asr.audio.deadline import TooManyHungCallsError
from edge_asr.audio.pulse import SilentServerError
from edge_asr.audio.source import CaptureState
from edge_asr.audio.stream_names import StreamNames
from edge_asr.errors import CaptureError
from tests.audio.capture_room import Room
from tests.fakes import HandClock
from tests.waiting import wait_until


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
    assert room.statuses == ["starting", "healthy", "lost", "recovering", "healthy"]
    assert room.reopened("no_chunks") == 1.0


def test_a_microphone_is_not_gone_because_the_process_stood_still(room: Room) -> None:
    room.healthy()
    due_ns = room.clock.monotonic_ns() + 1_000_000_000
    room.clock.advance_s(7.0)
    room.capture.waited_until(due_ns)
    room.capture.step()
    assert room.status == "healthy"
    room.run_for(3.1)
    assert room.status == "lost"


def test_a_wait_that_is_not_late_excuses_nothing(room: Room) -> None:
    room.healthy()
    room.clock.advance_s(3.1)
    room.capture.waited_until(room.clock.monotonic_ns() - 900_000_000)
    room.capture.step()
    assert room.status == "lost"


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
    assert room.statuses == ["lost", "recovering", "healthy"]
    assert room.reopened("start") == 1.0


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


def test_digital_silence_is_an_alarm_until_something_sounds(room: Room) -> None:
    room.healthy()
    for _ in range(39):
        room.clock.advance_s(0.1)
        room.stream.chunk(value=-1)  # some cards' zero
        room.capture.step()
    assert room.status == "healthy"
    room.clock.advance_s(0.2)
    room.stream.chunk(value=-1)
    room.capture.step()
    assert room.status == "silent"
    assert "digital silence" in room.capture.state.reason
    assert room.gauge() == 0.0
    assert room.watchdog_is_fed()
    assert len(room.opener.streams) == 1  # it is not reopened: what it sends is heard
    room.clock.advance_s(0.1)
    room.stream.chunk()
    room.capture.step()
    assert room.statuses == ["starting", "healthy", "silent", "healthy"]
    pushed = [room.ring.pop(0.0) for _ in range(42)]
    assert all(chunk is not None for chunk in pushed)


def test_a_call_that_does_not_return_is_told_from_a_microphone_that_is_not_there(room: Room) -> None:
    room.opener.fault = SilentServerError("the sound server does not answer; if this lasts, restart it")
    room.run_for(1.0)
    assert room.status == "hung"
    assert room.metrics.registry.get_sample_value("edge_asr_capture_state", {"edge_asr_capture_state": "hung"}) == 1.0
    assert room.metrics.registry.get_sample_value("edge_asr_capture_state", {"edge_asr_capture_state": "lost"}) == 0.0
    room.opener.fault = CaptureError("source 'usb_mic' is not there")
    room.run_for(2.0)
    assert room.status == "lost"


def test_a_silent_server_does_not_hold_up_the_news_of_a_silent_microphone(room: Room) -> None:
    room.healthy()
    for _ in range(3):
        room.clock.advance_s(1.1)
        room.capture.on_change(False)
        room.capture.step()
    assert room.stream.asked == 0  # each question might take seconds
    assert room.status == "lost"


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
