"""How often capture tries to open a microphone that does not open, or does not last."""

from itertools import pairwise

from edge_asr.errors import CaptureError
from tests.audio.capture_room import CONFIG, Room


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


def test_a_loose_contact_is_tried_again_soon_but_not_at_once_and_after_a_long_life_at_once(room: Room) -> None:
    def live_for(seconds: float) -> None:
        for _ in range(round(seconds)):
            room.stream.chunk()
            room.capture.step()
            room.clock.advance_s(1.0)
        room.stream.active = False
        room.capture.step()

    room.until_open()
    pauses: list[float] = []
    for _ in range(8):
        live_for(3.0)
        pauses.append(room.until_open())
    assert pauses[:3] == sorted(pauses[:3])
    assert all(1.6 - 0.02 <= pause <= 2.0 + 0.02 for pause in pauses[2:])  # heard each time: it is there, so try soon
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
