"""Computing ahead of the final: when it is begun, when it is given up, and that it changes no text but in a hurry."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr import second_pass_worker
from edge_asr.asr.rescorer import Rescored, always
from edge_asr.errors import RecognitionError
from edge_asr.metrics import Metrics
from edge_asr.observation import Transcript
from edge_asr.second_pass import SecondPass
from edge_asr.second_pass_worker import SecondPassWorker
from tests.fakes import HandClock
from tests.rescorers import GivenUp, ScriptedRescorer, final
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def _no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A final whose text is there is waited for, however slow the machine is."""
    monkeypatch.setattr(second_pass_worker, "_SOON_S", 5.0)


class Desk:
    """The worker, and who tells it what comes."""

    def __init__(self, rescorer: GivenUp) -> None:
        self.clock, self.metrics, self.rescorer = HandClock(), Metrics(), rescorer
        self.worker = SecondPassWorker(SecondPass(self.rescorer, 10.0), 4.0, self.clock, self.metrics)
        self.worker.start()

    def count(self, outcome: str) -> float:
        name = "edge_asr_second_pass_speculations_total"
        return self.metrics.registry.get_sample_value(name, {"outcome": outcome}) or 0.0

    def begin(self, candidate: Transcript) -> None:
        self.rescorer.busy.clear()
        self.worker.foresee(candidate, skip=None)
        assert self.rescorer.busy.wait(5.0)

    def done(self) -> None:
        """Let it compute to the end."""
        self.rescorer.go.set()
        ahead = self.worker._ahead
        wait_until(lambda: ahead is None or ahead.done, 5.0, "what was begun")

    def collect(self, at_once: Sequence[Transcript] = ()) -> Transcript:
        """The one final that comes; it may have come at once."""
        out = list(at_once)

        def there() -> bool:
            out.extend(self.worker.collect(skip=None))
            return bool(out)

        wait_until(there, 5.0, "the final")
        [one] = out
        return one


@contextmanager
def at_desk(rescorer: GivenUp) -> Iterator[Desk]:
    made = Desk(rescorer)
    yield made
    made.rescorer.go.set()
    made.worker.finish(made.clock.ns)
    wait_until(lambda: not made.worker._thread.is_alive(), 5.0, "the end of the thread")


@pytest.fixture
def desk() -> Iterator[Desk]:
    with at_desk(GivenUp()) as made:
        yield made


class Unsure(GivenUp):
    """Has a text at once, and hears it again as long as it may."""

    log_share = -9.0

    def decode(
        self,
        samples: NDArray[np.int16],
        draft: Sequence[int] | None = None,
        given: Sequence[int] = (),
        wanted: Callable[[], bool] = always,
    ) -> Rescored:
        if not self.heard:
            return ScriptedRescorer.decode(self, samples, draft, given)
        found = super().decode(samples, draft, given, wanted)
        if not wanted():
            raise RecognitionError("given up")
        return found


def paused(number: int = 1, *, sound_s: float = 1.4, start_s: float = 0.0) -> Transcript:
    one = final(number, "a", "b", start_s=start_s)
    return replace(one, hypothesis=replace(one.hypothesis, trailing_silence_s=2.0 - sound_s))


def test_it_is_idle_when_neither_a_final_nor_anything_ahead_is_computed(desk: Desk) -> None:
    before = desk.worker.idle
    desk.begin(paused())
    meanwhile = desk.worker.idle
    desk.done()
    wait_until(lambda: desk.worker.idle, 5.0, "the end of what was computed ahead")
    assert (before, meanwhile) == (True, False)


def test_a_final_whose_text_is_there_leaves_at_once(desk: Desk) -> None:
    desk.begin(paused())
    desk.done()
    [out] = desk.worker.submit(paused(), skip=None)
    assert (out.hypothesis.text, out.second_model) == (f"Well, {round(1.6 * 16_000)}.", "second")
    assert (desk.count("used"), desk.count("void"), len(desk.rescorer.heard)) == (1, 0, 1)


def test_a_final_that_comes_while_its_text_is_computed_waits_for_that(desk: Desk) -> None:
    desk.begin(paused())
    assert desk.worker.submit(paused(), skip=None) == []
    desk.worker.foresee(None, skip=None)  # as after every chunk: this is no pause any more, and yet it is wanted
    desk.rescorer.go.set()
    assert desk.collect().second_model == "second"
    assert (desk.count("used"), desk.rescorer.given_up, len(desk.rescorer.heard)) == (1, 0, 1)


def test_when_speech_goes_on_it_is_given_up(desk: Desk) -> None:
    candidate = paused()
    desk.begin(candidate)
    desk.worker.foresee(candidate, skip=None)
    assert desk.count("void") == 0
    desk.worker.foresee(None, skip=None)
    wait_until(lambda: desk.rescorer.given_up, 5.0, "the giving up")
    assert (desk.count("used"), desk.count("void")) == (0, 1)


@pytest.mark.parametrize("computed", [False, True])
def test_a_final_of_another_sound_is_computed_anew(desk: Desk, computed: bool) -> None:
    desk.begin(paused())
    if computed:
        desk.done()
    at_once = desk.worker.submit(paused(sound_s=1.5), skip=None)
    desk.rescorer.go.set()
    assert desk.collect(at_once).hypothesis.text == f"Well, {round(1.7 * 16_000)}."
    assert (desk.count("used"), desk.count("void")) == (0, 1)


def test_another_pause_gives_up_the_one_before(desk: Desk) -> None:
    desk.begin(paused(sound_s=1.0))
    desk.begin(paused(sound_s=1.4))
    assert desk.count("void") == 1
    desk.done()
    assert len(desk.worker.submit(paused(), skip=None)) == 1
    assert desk.count("used") == 1


def test_a_segment_of_many_pauses_is_computed_ahead_a_few_times_and_the_next_one_again(desk: Desk) -> None:
    for number in range(3):
        desk.begin(paused(sound_s=1.0 + number / 10))
    desk.rescorer.busy.clear()
    desk.worker.foresee(paused(sound_s=1.4), skip=None)
    wait_until(lambda: desk.count("void") == 3, 5.0, "the giving up")
    assert desk.worker._ahead is None
    assert not desk.rescorer.busy.is_set()
    desk.begin(paused(2, start_s=9.0))


@pytest.mark.parametrize("why", ["overload", "heat"])
def test_with_no_second_pass_there_is_none_ahead(desk: Desk, why: str) -> None:
    candidate = paused()
    desk.worker.foresee(candidate, skip="overload" if why == "overload" else "heat")
    assert desk.worker._ahead is None
    desk.begin(candidate)
    desk.worker.foresee(candidate, skip="overload")
    wait_until(lambda: desk.rescorer.given_up, 5.0, "the giving up")
    [out] = desk.worker.submit(paused(), skip="heat")
    assert (out.second_model, desk.count("void")) == (None, 1)


def test_while_a_final_waits_there_is_none_ahead(desk: Desk) -> None:
    desk.worker.submit(paused(), skip=None)
    assert desk.rescorer.busy.wait(5.0)
    desk.worker.foresee(paused(2, start_s=9.0), skip=None)
    assert desk.worker._ahead is None
    desk.rescorer.go.set()
    desk.collect()
    desk.begin(paused(2, start_s=9.0))


@pytest.mark.parametrize("how", ["flush", "late", "overload", "finish"])
def test_a_final_that_cannot_wait_gives_up_what_is_computed_for_it(desk: Desk, how: str) -> None:
    desk.begin(paused())
    assert desk.worker.submit(paused(), skip=None) == []
    if how == "flush":
        out = desk.worker.flush()
    elif how == "finish":
        out = desk.worker.finish(desk.clock.ns)
    else:
        desk.clock.advance_s(4.1)
        out = desk.worker.collect(skip=None)
    assert [one.second_model for one in out] == [None]
    wait_until(lambda: desk.rescorer.given_up or desk.rescorer.stopped, 5.0, "the giving up")
    assert (desk.count("used"), desk.count("void")) == (0, 1)


def test_the_end_does_not_wait_for_what_is_computed_ahead(desk: Desk) -> None:
    desk.begin(paused())
    assert desk.worker.finish(desk.clock.ns + 10_000_000_000) == []
    wait_until(lambda: not desk.worker._thread.is_alive(), 5.0, "the end of the thread")
    assert desk.count("void") == 1


def test_a_final_does_not_wait_for_a_second_hearing() -> None:
    with at_desk(Unsure()) as desk:
        desk.begin(paused())
        out = desk.collect(desk.worker.submit(paused(), skip=None))
        assert (out.hypothesis.text, out.second_model) == (f"Well, {round(1.6 * 16_000)}.", "second")
        assert (desk.rescorer.given_up, len(desk.rescorer.heard), desk.count("used")) == (1, 2, 1)


def test_a_second_hearing_is_given_up_when_speech_goes_on() -> None:
    with at_desk(Unsure()) as desk:
        desk.begin(paused())
        desk.worker.foresee(None, skip=None)
        wait_until(lambda: desk.rescorer.given_up, 5.0, "the giving up")
        assert (desk.count("used"), desk.count("void")) == (0, 1)


def test_an_error_ahead_costs_nothing(desk: Desk) -> None:
    desk.rescorer.say = lambda _: str(1 // 0)
    desk.begin(paused())
    desk.done()
    desk.rescorer.say = lambda _: "Well."
    out = desk.collect(desk.worker.submit(paused(), skip=None))
    assert (out.second_model, desk.count("void")) == ("second", 1)
