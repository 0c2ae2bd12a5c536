"""Finals on their way through the second pass: order, deadline, overload, errors, the end."""

from collections.abc import Iterator

import pytest

from edge_asr.asr.rescorer import Rescored
from edge_asr.metrics import Metrics
from edge_asr.observation import Transcript
from edge_asr.second_pass import Reason, SecondPass
from edge_asr.second_pass_worker import SecondPassWorker
from tests.fakes import HandClock
from tests.rescorers import ScriptedRescorer, SlowRescorer, final
from tests.waiting import wait_until


class Desk:
    """The worker, and who hands finals in and takes them out."""

    def __init__(self, rescorer: ScriptedRescorer) -> None:
        self.clock, self.metrics, self.rescorer = HandClock(), Metrics(), rescorer
        self.worker = SecondPassWorker(SecondPass(rescorer, 10.0), 4.0, self.clock, self.metrics)
        self.out: list[Transcript] = []
        self.worker.start()

    def submit(self, *finals: Transcript, skip: Reason | None = None) -> None:
        for one in finals:
            self.out += self.worker.submit(one, skip=skip)

    def collect(self, count: int, *, skip: Reason | None = None) -> list[tuple[str, str | None]]:
        def done() -> bool:
            self.out += self.worker.collect(skip=skip)
            return len(self.out) >= count

        wait_until(done, 5.0, "the second pass")
        return self.passes()

    def passes(self) -> list[tuple[str, str | None]]:
        return [(one.segment_id, one.second_model) for one in self.out]

    def skipped(self, reason: str) -> float:
        return self.metrics.registry.get_sample_value("edge_asr_second_pass_skipped_total", {"reason": reason}) or 0.0

    def end(self) -> None:
        if isinstance(self.rescorer, SlowRescorer):
            self.rescorer.go.release(100)
        self.out += self.worker.finish(self.clock.ns + 1_000_000_000)


@pytest.fixture
def slow() -> Iterator[Desk]:
    desk = Desk(SlowRescorer())
    yield desk
    desk.end()
    assert not desk.worker._thread.is_alive()


def busy(desk: Desk) -> None:
    assert isinstance(desk.rescorer, SlowRescorer)
    assert desk.rescorer.busy.wait(5.0)


def let_go(desk: Desk, count: int = 1) -> None:
    assert isinstance(desk.rescorer, SlowRescorer)
    desk.rescorer.go.release(count)


def test_finals_come_out_rewritten_in_their_order() -> None:
    desk = Desk(ScriptedRescorer())
    desk.submit(*(final(n, "well") for n in range(1, 4)))
    assert desk.collect(3) == [("s-1", "second"), ("s-2", "second"), ("s-3", "second")]
    assert desk.metrics.registry.get_sample_value("edge_asr_second_pass_finals_total") == 3
    desk.end()


def test_a_final_that_is_late_goes_out_as_it_is_and_the_next_is_rewritten(slow: Desk) -> None:
    slow.submit(final(1, "well"))
    busy(slow)
    slow.clock.advance_s(3.9)
    slow.submit(final(2, "well", start_s=9.0))
    assert slow.out == []
    slow.clock.advance_s(0.2)
    assert slow.collect(1) == [("s-1", None)]
    let_go(slow, 2)
    assert slow.collect(2) == [("s-1", None), ("s-2", "second")]
    assert slow.skipped("late") == 1


def test_nobody_overtakes(slow: Desk) -> None:
    slow.submit(final(1, "well"))
    busy(slow)
    slow.submit(final(2), skip=None)  # nothing to rewrite in it
    slow.submit(final(3, "well", start_s=9.0))
    assert slow.worker.collect(skip=None) == []
    let_go(slow, 2)
    assert slow.collect(3) == [("s-1", "second"), ("s-2", None), ("s-3", "second")]
    assert slow.skipped("no_words") == 1


def test_overload_lets_out_what_has_not_begun(slow: Desk) -> None:
    slow.submit(final(1, "well"))
    busy(slow)
    slow.submit(final(2, "well"), final(3, "well"))
    slow.submit(final(4, "well"), skip="overload")
    assert slow.out == []  # the first is being rewritten, nobody overtakes it
    let_go(slow)
    assert slow.collect(4) == [("s-1", "second"), ("s-2", None), ("s-3", None), ("s-4", None)]
    assert slow.skipped("overload") == 3


def test_a_full_queue_lets_the_oldest_out(slow: Desk) -> None:
    slow.submit(final(1, "well"))
    busy(slow)
    slow.submit(*(final(n, "well") for n in range(2, 10)))
    assert slow.passes() == [("s-1", None)]
    assert slow.skipped("queue_full") == 1


def test_an_error_costs_the_better_text_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(ScriptedRescorer):
        def decode(self, *_: object, **__: object) -> Rescored:
            raise MemoryError("no room")

    desk = Desk(Broken())
    desk.submit(final(1, "well"), final(2, "well"))
    assert desk.collect(2) == [("s-1", None), ("s-2", None)]
    assert desk.skipped("error") == 2
    assert caplog.text.count("MemoryError: no room") == 1
    desk.end()


def test_errors_that_are_each_another_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(ScriptedRescorer):
        def decode(self, *_: object, **__: object) -> Rescored:
            self.heard.append((0, ()))
            raise MemoryError(f"no room, {len(self.heard)}")

    desk = Desk(Broken())
    for number in range(1, 31):
        desk.submit(final(number, "well"))
        desk.collect(number)
    assert desk.skipped("error") == 30
    assert 0 < caplog.text.count("no room") < 10
    desk.end()


def test_what_waits_at_the_end_is_rewritten_while_there_is_time() -> None:
    desk = Desk(ScriptedRescorer())
    desk.submit(final(1, "well"), final(2, "well"))
    desk.end()
    assert desk.passes() == [("s-1", "second"), ("s-2", "second")]
    assert desk.rescorer.stopped


def test_without_time_the_end_takes_the_first_text_and_stops_the_model() -> None:
    desk = Desk(SlowRescorer())
    desk.submit(final(1, "well"), final(2, "well"))
    busy(desk)
    desk.out += desk.worker.finish(desk.clock.ns)
    assert desk.passes() == [("s-1", None), ("s-2", None)]
    assert desk.skipped("end") == 2
    wait_until(lambda: not desk.worker._thread.is_alive(), 5.0, "the thread")
    assert desk.worker.collect(skip=None) == []


def test_a_flush_lets_all_out_and_the_thread_goes_on(slow: Desk) -> None:
    slow.submit(final(1, "well"), final(2, "well"))
    busy(slow)
    slow.out += slow.worker.flush()
    assert slow.passes() == [("s-1", None), ("s-2", None)]
    slow.submit(final(3, "well", start_s=20.0))
    let_go(slow, 2)
    assert slow.collect(3)[2] == ("s-3", "second")


class Unsure(SlowRescorer):
    """Waits before each hearing, and hears twice where it may."""

    log_share = -9.0


@pytest.mark.parametrize(("took_s", "times"), [(0.9, 2), (1.1, 1)])
def test_where_a_quarter_of_the_time_is_gone_nothing_is_heard_again(took_s: float, times: int) -> None:
    desk = Desk(Unsure())
    desk.submit(final(1, "well"))
    busy(desk)
    desk.clock.ns += round(took_s * 1e9)
    let_go(desk, 2)
    assert desk.collect(1) == [("s-1", "second")]
    assert len(desk.rescorer.heard) == times
    desk.end()


@pytest.mark.parametrize("why", ["queue", "flush", "end"])
def test_nothing_is_heard_again_when_another_waits_nobody_waits_any_more_or_at_the_end(why: str) -> None:
    desk = Desk(Unsure())
    desk.submit(final(1, "well"))
    busy(desk)
    if why == "queue":
        desk.submit(final(2, start_s=9.0))  # without words there is nothing to be heard in it
        let_go(desk, 2)
        assert desk.collect(2) == [("s-1", "second"), ("s-2", None)]
    elif why == "flush":
        desk.out += desk.worker.flush()
        let_go(desk, 2)
        wait_until(lambda: desk.worker.idle, 5.0, "the end of the hearing")
    else:
        desk.worker._closed = True  # as `finish` begins
        let_go(desk, 2)
        assert desk.collect(1) == [("s-1", "second")]
        desk.worker._thread.join(5.0)
    assert len(desk.rescorer.heard) == 1
    desk.end()


@pytest.mark.parametrize(("took_s", "text"), [(1.9, "Form yellow."), (2.1, "Form miello.")])
def test_where_half_of_the_time_is_gone_there_is_no_vote_any_more(took_s: float, text: str) -> None:
    desk = Desk(SlowRescorer())
    desk.rescorer.say, desk.rescorer.confidence, desk.rescorer.likelier = lambda _: "Form miello.", 0.6, lambda _: 0.0
    desk.submit(final(1, "form", "yellow"))
    busy(desk)
    desk.clock.ns += round(took_s * 1e9)
    let_go(desk)
    assert desk.collect(1) == [("s-1", "second")]
    assert [one.hypothesis.text for one in desk.out] == [text]
    desk.end()
