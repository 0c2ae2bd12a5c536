from datetime import timedelta
from typing import cast

import msgspec
import pytest

from edge_asr.bench.daemon_hearer import DaemonHearer
from edge_asr.bench.saying import Saying
from edge_asr.bench.scene import Scene
from edge_asr.events import Event, Latency
from tests.fakes import HandClock
from tests.sample_events import error, final, partial, speech_ended, speech_started


class QuietScene:
    """A daemon whose events are given."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.muted = False

    def next(self, _wait_s: float) -> Event | None:
        return self.events.pop(0) if self.events else None

    def mute(self) -> None:
        self.muted = True

    def unmute(self) -> None:
        self.muted = False


def test_events_become_sayings_at_the_time_of_their_arrival() -> None:
    clock, scene = HandClock(), QuietScene()
    hearer = DaemonHearer(cast("Scene", scene), clock)
    began = (clock.now() - timedelta(seconds=0.5)).isoformat()
    done = msgspec.structs.replace(final("he was"), latency_ms=Latency(decision=8.0))
    emitted = (clock.now() - timedelta(milliseconds=5)).isoformat()
    for event in (speech_started(), partial("he"), done, final("")):
        scene.events.append(msgspec.structs.replace(event, start=began, emitted_at=emitted))
    sayings = [hearer.next(0.0) for _ in range(4)]
    began_ns = pytest.approx(clock.monotonic_ns() - 500_000_000, abs=2000)
    for saying, kind, has_text in zip(
        sayings, ("open", "text", "final", "final"), (False, True, True, False), strict=True
    ):
        assert saying is not None
        assert saying.decided_ms == (pytest.approx(13.0, abs=0.01) if saying == sayings[2] else None)
        said = msgspec.structs.replace(saying, decided_ms=None)
        assert said == Saying(kind, clock.monotonic_ns(), "s-1", began_ns, has_text)  # type: ignore[arg-type]


def test_an_end_without_words_closes_its_segment_and_other_events_say_nothing() -> None:
    clock, scene = HandClock(), QuietScene()
    hearer = DaemonHearer(cast("Scene", scene), clock)
    scene.events = [speech_ended(0), speech_ended(2), error()]
    closed = hearer.next(0.0)
    assert closed is not None
    assert (closed.kind, closed.segment, closed.has_text) == ("final", "s-1", False)
    assert (hearer.next(0.0), hearer.next(0.0), hearer.next(0.0)) == (None, None, None)


def test_it_is_muted_while_it_is_not_to_hear() -> None:
    scene = QuietScene()
    hearer = DaemonHearer(cast("Scene", scene), HandClock())
    hearer.end()
    assert scene.muted
    hearer.begin()
    assert not scene.muted
