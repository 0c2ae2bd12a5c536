"""When an open microphone is to be closed, and when the sound server is asked about it."""

from edge_asr.audio.stream_watch import Loss, Signs, StreamWatch
from edge_asr.audio.vitals import Limits
from edge_asr.clock import NS_PER_S
from tests.audio.microphones import FakeStream
from tests.fakes import HandClock

LIMITS = Limits(first_chunk_s=5.0, no_chunk_s=3.0, one_value_s=0.0)


class Watched:
    """A stream that was asked for at `begun_s` and is open `after_s` later, under a watch that began with another."""

    def __init__(self, *, after_s: float = 0.0) -> None:
        self.clock = HandClock()
        self.watch = StreamWatch(LIMITS, self.clock.ns)
        self.clock.ns += 100 * NS_PER_S
        self.watch.streams_changed()  # of the one before
        vitals = self.watch.opening(self.clock.ns)
        self.clock.ns += round(after_s * NS_PER_S)
        self.stream = FakeStream("s", vitals.take, self.clock)
        self.watch.opened(vitals, self.clock.ns)

    def look(self, after_s: float = 0.0, *, chunk: bool = True) -> Loss | Signs:
        self.clock.ns += round(after_s * NS_PER_S)
        if chunk:
            self.stream.chunk()
        return self.watch.look(self.stream, "usb_mic", self.clock.ns)


def test_the_first_samples_may_take_long_from_when_it_is_open() -> None:
    watched = Watched(after_s=3.0)
    waiting = watched.look(4.9, chunk=False)
    assert isinstance(waiting, Signs)
    assert waiting.vitality == "awaited"
    lost = watched.look(0.2, chunk=False)
    assert lost == Loss("no_chunks", "'usb_mic' has delivered nothing for 5 s; reopening it")


def test_later_ones_may_not() -> None:
    watched = Watched()
    watched.look()
    assert watched.look(3.1, chunk=False) == Loss("no_chunks", "'usb_mic' has delivered nothing for 3 s; reopening it")


def test_news_of_before_it_was_opened_ask_nothing_and_news_of_since_do_once() -> None:
    watched = Watched()
    assert not getattr(watched.look(0.1), "looked", None)
    watched.watch.streams_changed()
    assert [getattr(watched.look(0.1), "looked", None) for _ in range(2)] == [True, False]
    assert watched.stream.asked == 1


def test_without_news_it_is_asked_now_and_then_from_its_opening_on() -> None:
    watched = Watched()
    looked = [getattr(watched.look(1.0), "looked", None) for _ in range(12)]
    assert [second for second, one in enumerate(looked, 1) if one] == [6, 12]


def test_nobody_is_asked_while_no_sample_comes_and_news_wait() -> None:
    watched = Watched()
    watched.look()
    watched.watch.streams_changed()
    stale = watched.look(1.5, chunk=False)
    assert isinstance(stale, Signs)
    assert (stale.fresh, stale.looked, watched.stream.asked) == (False, False, 0)
    watched.stream.other_source = "monitor"
    assert watched.look(0.1) == Loss(
        "moved", "'usb_mic' went away; the sound server's substitute 'monitor' is not listened to"
    )


def test_an_ended_stream_says_why() -> None:
    watched = Watched()
    watched.stream.active = False
    assert watched.look() == Loss("ended", "the stream of 'usb_mic' was ended by the sound system; reopening it")
    watched.stream.why_ended = "the server was killed"
    assert watched.look() == Loss("ended", "the server was killed")


def test_who_stood_still_has_lost_nothing_yet() -> None:
    watched = Watched()
    watched.look()
    watched.clock.ns += 60 * NS_PER_S
    watched.watch.stood_still(watched.clock.ns)
    assert isinstance(watched.look(2.9, chunk=False), Signs)
    assert isinstance(watched.look(0.2, chunk=False), Loss)
