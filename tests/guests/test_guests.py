"""Streams and recordings from elsewhere: heard as the microphone is, beside it, and never before it."""

import io
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import soundfile

from edge_asr.audio.chunk import Samples
from edge_asr.events import FinalEvent, PartialEvent
from edge_asr.guests.guest import Done, Fault, News
from edge_asr.guests.house import Guests
from edge_asr.guests.live_source import LiveSource
from edge_asr.guests.reception import GuestError
from edge_asr.metrics import Metrics
from tests.fakes import RATE_HZ, hush, tone
from tests.guests.guest_room import Machine, made_guests
from tests.waiting import wait_until


@dataclass
class Ear:
    news: list[News] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def tell(self, news: News) -> None:
        self.news.append(news)
        if isinstance(news, Done | Fault):
            self.ended.set()

    @property
    def last(self) -> Done | Fault:
        assert self.ended.wait(20)
        last = self.news[-1]
        assert isinstance(last, Done | Fault)
        return last

    def texts(self) -> list[str]:
        return [event.text for event in self.news if isinstance(event, FinalEvent)]


def offer(source: LiveSource, samples: Samples) -> None:
    wait_until(lambda: source.offer(samples), 20, "room")


SPEECH = np.concatenate([hush(0.5), tone(1.0), hush(1.5), tone(0.5), hush(1.0)])


def test_a_stream_gives_partials_and_finals_and_its_place_back() -> None:
    metrics = Metrics()
    guests, ear = made_guests(Machine(), 1, metrics), Ear()
    guest, source = guests.stream(guests.reception.admit(), RATE_HZ, ear.tell, partials=True)
    guest.start()
    for begin in range(0, len(SPEECH), 1234):
        offer(source, SPEECH[begin : begin + 1234])
    source.finish()
    assert isinstance(ear.last, Done)
    assert (round(ear.last.audio_s, 3), ear.last.language) == (4.5, "xx")
    assert ear.texts() == ["w0 w1", "w0"]
    assert any(isinstance(event, PartialEvent) for event in ear.news)
    assert guests.reception.quiet(5.0)
    assert metrics.registry.get_sample_value("edge_asr_guests") == 0
    assert metrics.registry.get_sample_value("edge_asr_guest_audio_seconds_total") == pytest.approx(4.5)


def test_any_cutting_of_a_stream_gives_the_same() -> None:
    found = []
    for step in (160, 7777, len(SPEECH)):
        guests, ear = made_guests(Machine()), Ear()
        guest, source = guests.stream(guests.reception.admit(), RATE_HZ, ear.tell, partials=False)
        guest.start()
        for begin in range(0, len(SPEECH), step):
            offer(source, SPEECH[begin : begin + step])
        source.finish()
        assert isinstance(ear.last, Done)
        assert not any(isinstance(event, PartialEvent) for event in ear.news)
        found.append([(final.text, final.start_s, final.end_s) for final in ear.news if isinstance(final, FinalEvent)])
    assert found[0] == found[1] == found[2]


def test_many_at_once_each_get_their_own() -> None:
    guests = made_guests(Machine(), 8)
    ears = [Ear() for _ in range(8)]
    streams = []
    for number, ear in enumerate(ears):
        guest, source = guests.stream(guests.reception.admit(), RATE_HZ, ear.tell, partials=False)
        guest.start()
        streams.append((source, np.concatenate([hush(0.3), tone(0.5 * (number + 1)), hush(1.0)])))
    for source, samples in streams:
        for begin in range(0, len(samples), 3200):
            offer(source, samples[begin : begin + 3200])
        source.finish()
    for number, ear in enumerate(ears):
        assert isinstance(ear.last, Done)
        assert ear.texts() == [" ".join(f"w{word}" for word in range(number + 1))]
    ids = {event.stream_id for ear in ears for event in ear.news if isinstance(event, FinalEvent)}
    assert len(ids) == 8


def test_beyond_the_limit_and_while_the_microphone_is_late_nobody_is_let_in() -> None:
    machine, metrics = Machine(), Metrics()
    guests = made_guests(machine, 1, metrics)
    place = guests.reception.admit()
    with pytest.raises(GuestError, match=r"http\.max_streams allows no more") as caught:
        guests.reception.admit()
    assert caught.value.code == "too_many_streams"
    place.give_back()
    place.give_back()  # once counts
    machine.lag_s = 0.7
    with pytest.raises(GuestError, match=r"0\.7 s behind with its own microphone") as caught:
        guests.reception.admit()
    assert caught.value.code == "busy"
    machine.lag_s = 0.0
    guests.reception.admit()
    value = metrics.registry.get_sample_value
    assert value("edge_asr_guests_refused_total", {"reason": "limit"}) == 1
    assert value("edge_asr_guests_refused_total", {"reason": "lag"}) == 1


def test_by_default_the_cores_say_how_many() -> None:
    assert made_guests(Machine()).reception.most == 2 * len(os.sched_getaffinity(0))
    with pytest.raises(GuestError):
        made_guests(Machine(), 0).reception.admit()


def test_guests_wait_while_the_microphone_is_late_and_no_more_than_a_little_is_kept_of_them() -> None:
    machine = Machine()
    guests, ear = made_guests(machine), Ear()
    guest, source = guests.stream(guests.reception.admit(), RATE_HZ, ear.tell, partials=False)
    machine.lag_s = 2.0
    guest.start()
    taken = 0
    while source.offer(tone(0.1)):
        taken += 1
        assert taken < 100
    assert taken == 20
    time.sleep(0.1)
    assert machine.recognizer.wanted == []
    machine.lag_s = 0.0
    offer(source, hush(1.0))
    source.finish()
    assert isinstance(ear.last, Done)
    assert ear.texts() == ["w0 w1 w2 w3"]


def test_a_microphone_that_stays_late_ends_its_guests_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_asr.guests.reception._PATIENCE_S", 0.2)
    machine = Machine()
    guests, ear = made_guests(machine), Ear()
    guest, source = guests.stream(guests.reception.admit(), RATE_HZ, ear.tell, partials=False)
    source.offer(tone(0.1))
    machine.lag_s = 2.0
    guest.start()
    said = "this machine is 2.0 s behind with its own microphone, and has been for 0.2 s; try again later"
    assert ear.last == Fault("busy", said)
    assert guests.reception.quiet(5.0)


@pytest.mark.parametrize("late", [False, True])
def test_who_goes_is_not_heard_any_more(late: bool) -> None:
    machine = Machine()
    guests, ear = made_guests(machine), Ear()
    guest, source = guests.stream(guests.reception.admit(), RATE_HZ, ear.tell, partials=False)
    guest.start()
    machine.lag_s = 2.0 if late else 0.0
    source.offer(tone(1.0))
    guest.give_up()
    assert guests.reception.quiet(5.0)
    assert not ear.ended.is_set()


def test_a_recognizer_that_fails_costs_one_guest(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    guests, ear = made_guests(machine), Ear()
    machine.recognizer.fail = True
    guest, source = guests.stream(guests.reception.admit(), RATE_HZ, ear.tell, partials=False)
    guest.start()
    offer(source, tone(1.0))
    assert ear.last == Fault("failed", "this device failed to hear it; its log says why")
    assert "told to fail" in caplog.text
    assert "Traceback" not in caplog.text
    assert guests.reception.quiet(5.0)


def recorded(guests: Guests, body: bytes) -> Ear:
    ear = Ear()
    guests.recording(guests.reception.admit(), body, ear.tell).start()
    assert ear.ended.wait(20)
    assert guests.reception.quiet(5.0)
    return ear


def written(samples: Any, rate_hz: int = RATE_HZ, **options: Any) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("form", "subtype"), [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("FLAC", "PCM_24"), ("OGG", "VORBIS")]
)
def test_a_recording_in_memory_is_heard_whole(form: str, subtype: str | None) -> None:
    body = written(SPEECH.astype(np.float32) / 32768, format=form, subtype=subtype)
    ear = recorded(made_guests(Machine()), body)
    assert isinstance(ear.last, Done)
    assert ear.last.audio_s == pytest.approx(4.5, abs=0.1)
    assert ear.texts() == ["w0 w1", "w0"]
    assert all(final.latency_ms.finalization is None for final in ear.news if isinstance(final, FinalEvent))


def test_rates_and_channels_are_made_one() -> None:
    wide = np.repeat(SPEECH, 3)[:, None].repeat(2, axis=1)
    assert recorded(made_guests(Machine()), written(wide, 48_000, format="WAV")).texts() == ["w0 w1", "w0"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is not audio that can be read"),
        (b"RIFF\0\0\0\0WAVE", "is not audio that can be read"),
        (b"\0" * 5000, "is not audio that can be read"),
        (written(np.zeros(0, np.int16), format="WAV"), "has no sample"),
        (written(np.zeros(100, np.int16), 1000, format="WAV"), "a sample rate of 1000 Hz"),
        (written(np.zeros((10, 65), np.int16), format="WAV"), "65 channels"),
    ],
)
def test_what_is_no_recording_is_said_in_a_line(body: bytes, said: str) -> None:
    last = recorded(made_guests(Machine()), body).last
    assert isinstance(last, Fault)
    assert last.code == "audio"
    assert said in last.message
    assert "\n" not in last.message


def test_a_file_that_is_cut_off_is_heard_as_far_as_it_goes() -> None:
    body = written(SPEECH, format="WAV")
    assert recorded(made_guests(Machine()), body[: len(body) * 2 // 3]).texts() == ["w0 w1"]


def test_a_small_file_that_holds_days_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_asr.guests.recording._LONGEST_S", 60)
    body = written(np.zeros(100 * 4000, np.int16), 4000, format="FLAC")
    assert len(body) < 20_000
    last = recorded(made_guests(Machine()), body).last
    assert isinstance(last, Fault)
    assert "the file is longer than" in last.message


def test_places_are_given_back_whatever_happens() -> None:
    guests = made_guests(Machine(), 2)
    work: list[Callable[[], object]] = [lambda: recorded(guests, b"x"), lambda: recorded(guests, b"")] * 3
    for one in work:
        one()
    places = [guests.reception.admit(), guests.reception.admit()]
    assert len(places) == 2
