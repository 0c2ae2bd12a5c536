"""The recognizer's thread with a second pass beside it."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.brains import Brains
from edge_asr.events import FinalEvent, PartialEvent, SpeechEndedEvent, SpeechStartedEvent
from edge_asr.second_pass import SecondPass
from edge_asr.second_pass_worker import SecondPassWorker
from tests.fakes import LoudRecognizer, hush, tone
from tests.rescorers import ScriptedRescorer, SlowRescorer
from tests.waiting import wait_until
from tests.worker_house import House

UTTERANCE = np.concatenate([hush(1), tone(1), hush(1)])


def live(house: House, samples: NDArray[np.int16]) -> None:
    """Let the samples be heard while the clock goes on as it does."""
    for at in range(0, len(samples), 1600):
        house.clock.advance_s(0.1)
        house.hear(samples[at : at + 1600])
        wait_until(lambda: house.ring.depth_s == 0, 5.0, "the worker")


def with_second_pass(rescorer: ScriptedRescorer) -> House:
    house = House()
    rewriter = SecondPassWorker(SecondPass(rescorer, 10.0), 4.0, house.clock, house.metrics)
    house.worker._second_pass = rewriter
    return house


@pytest.fixture
def slow() -> Iterator[tuple[House, SlowRescorer]]:
    rescorer = SlowRescorer()
    with with_second_pass(rescorer) as house:
        house.worker.start()
        yield house, rescorer
        rescorer.go.release(100)


def test_the_final_has_its_text_and_both_names() -> None:
    with with_second_pass(ScriptedRescorer(lambda _: "Well, w1!")) as house:
        house.worker.start()
        house.hear(UTTERANCE)
        wait_until(lambda: bool(house.finals()), 5.0, "the second pass")
        [final] = house.finals()
        assert (final.text, final.pass_no, final.model) == ("Well, w1!", 2, "loud+second")
        assert [word.word for word in final.words] == ["Well,", "w1!"]
        assert final.words[1].start_s == pytest.approx(1.5, abs=0.01)


def test_the_next_segment_goes_on_while_a_final_waits(slow: tuple[House, SlowRescorer]) -> None:
    house, rescorer = slow
    live(house, UTTERANCE)
    assert rescorer.busy.wait(5.0)
    live(house, np.concatenate([tone(1.2), hush(0.1)]))
    events = list(house.sink.events)
    kinds = {(type(one), one.segment_id) for one in events if not isinstance(one, PartialEvent)}
    assert kinds == {(SpeechStartedEvent, "s-1"), (SpeechEndedEvent, "s-1"), (SpeechStartedEvent, "s-2")}
    partials = [one for one in events if isinstance(one, PartialEvent)]
    assert {one.segment_id for one in partials} == {"s-1", "s-2"}
    rescorer.go.release()
    wait_until(lambda: bool(house.finals()), 5.0, "the second pass")
    [final] = house.finals()
    assert (final.segment_id, final.pass_no) == ("s-1", 2)
    assert final.latency_ms.first_token == partials[0].latency_ms.first_token  # not of the segment in between
    assert final.latency_ms.decision is not None
    assert 1300.0 <= final.latency_ms.decision < 2500.0


def test_a_final_that_waits_too_long_goes_out_though_nobody_speaks(slow: tuple[House, SlowRescorer]) -> None:
    house, _ = slow
    house.hear(UTTERANCE)
    wait_until(lambda: house.ring.depth_s == 0, 5.0, "the worker")
    wait_until(lambda: house.worker._second_pass._waiting, 5.0, "the final")  # type: ignore[union-attr]
    house.clock.advance_s(4.1)
    wait_until(lambda: bool(house.finals()), 5.0, "the deadline")
    assert [(final.text, final.pass_no) for final in house.finals()] == [("w0 w1", 1)]
    assert house.count("second_pass_skipped", reason="late") == 1


def test_behind_by_a_second_there_is_no_second_pass() -> None:
    rescorer = ScriptedRescorer()
    with with_second_pass(rescorer) as house:
        house.hear(UTTERANCE, age_s=1.5)
        house.worker.start()
        wait_until(lambda: bool(house.finals()), 5.0, "the worker")
        assert [(final.text, final.pass_no) for final in house.finals()] == [("w0 w1", 1)]
        assert rescorer.heard == []
        assert house.count("second_pass_skipped", reason="overload") == 1


def test_stopping_leaves_no_final_behind(slow: tuple[House, SlowRescorer]) -> None:
    house, rescorer = slow
    house.hear(UTTERANCE)
    assert rescorer.busy.wait(5.0)
    house.hear(tone(1))
    wait_until(lambda: house.ring.depth_s == 0, 5.0, "the worker")
    house.ring.close()
    assert house.worker.stop(1.0)
    ends = [(final.segment_id, final.end_reason, final.pass_no) for final in house.finals()]
    assert ends == [("s-1", "silence", 1), ("s-2", "shutdown", 1)]
    assert rescorer.stopped


def test_another_stream_does_not_stamp_what_waits(slow: tuple[House, SlowRescorer]) -> None:
    house, rescorer = slow
    house.position = 3600 * 16_000
    house.hear(UTTERANCE)
    assert rescorer.busy.wait(5.0)
    house.position = 0
    house.hear(hush(0.1), stream="t")
    wait_until(lambda: bool(house.finals()), 5.0, "the final")
    [final] = house.finals()
    assert (final.stream_id, final.pass_no) == ("s", 1)
    assert final.latency_ms.finalization is not None
    assert 0 <= final.latency_ms.finalization < 5000


def test_errors_that_end_the_worker_cost_no_final(slow: tuple[House, SlowRescorer]) -> None:
    house, rescorer = slow
    house.hear(UTTERANCE)
    assert rescorer.busy.wait(5.0)
    house.recognizer.fail = True
    for _ in range(8):
        house.hear(np.concatenate([hush(0.5), tone(1)]))
    wait_until(lambda: bool(house.fatal), 5.0, "the end")
    wait_until(lambda: bool(house.finals()), 5.0, "the final")
    assert [type(one) for one in house.sink.events].count(FinalEvent) == 1


def test_an_exchange_waits_for_the_end_of_the_utterance_and_loses_nothing() -> None:
    first, second = ScriptedRescorer(lambda _: "Old, w1!"), ScriptedRescorer(lambda _: "New, w1!")
    with with_second_pass(first) as house:
        house.worker.start()
        live(house, np.concatenate([hush(1), tone(0.6)]))
        following = LoudRecognizer()
        following.model, following.language = "louder", "yy"
        rewriter = SecondPassWorker(SecondPass(second, 10.0), 4.0, house.clock, house.metrics)
        house.worker.exchange(Brains(following, rewriter))
        live(house, tone(0.4))
        assert not house.worker.exchanged
        assert house.worker.brains.recognizer is house.recognizer
        assert house.worker.brains.second_model == first.model
        live(house, hush(2))
        wait_until(lambda: house.worker.exchanged, 5.0, "the exchange")
        assert house.worker.brains == Brains(following, rewriter)  # what guests hear with from now on
        wait_until(lambda: len(house.finals()) == 1, 5.0, "the first final")
        live(house, np.concatenate([hush(0.7), tone(1), hush(2)]))
        wait_until(lambda: len(house.finals()) == 2, 5.0, "the second final")
        house.finish()
    old, new = house.finals()
    assert (old.model.split("+")[0], old.language, [word.confidence for word in old.words]) == (
        "loud",
        "xx",
        [0.9, 0.9],
    )
    assert (new.text, new.model, new.language) == ("New, w1!", "louder+second", "yy")
    assert new.segment_id == "s-2"
    assert new.start_s == pytest.approx(4.7, abs=0.02)
    assert house.count("audio_dropped_seconds", reason="lag") == 0
    assert first.stopped
    assert following.wanted
    assert house.metrics.registry.get_sample_value("edge_asr_audio_seconds_total") == pytest.approx(7.7)


def test_an_exchange_does_not_wait_for_a_microphone() -> None:
    with House() as house:
        house.worker.start()
        house.worker.exchange(Brains(LoudRecognizer(), None))
        wait_until(lambda: house.worker.exchanged, 5.0, "the exchange")


def test_an_exchange_of_the_sentences_alone_leaves_the_second_pass_at_work() -> None:
    with with_second_pass(ScriptedRescorer(lambda _: "Same, w1!")) as house:
        house.worker.start()
        live(house, np.concatenate([hush(1), tone(0.6)]))
        rewriter = house.worker.brains.second_pass
        assert rewriter is not None
        following = LoudRecognizer()
        house.worker.exchange(Brains(following, rewriter))
        live(house, hush(2))
        wait_until(lambda: house.worker.exchanged, 5.0, "the exchange")
        assert house.worker.brains == Brains(following, rewriter)
        live(house, np.concatenate([hush(0.7), tone(1), hush(2)]))
        wait_until(lambda: len(house.finals()) == 2, 5.0, "the second final")
        house.finish()
    assert [final.text for final in house.finals()] == ["Same, w1!"] * 2
