"""Every row of the overload table, with a recognizer that is slow on purpose."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.config import OverloadConfig
from edge_asr.events import FinalEvent, SpeechEndedEvent
from edge_asr.ladder import Relief, Rung
from tests.fakes import BLOCK, RATE_HZ, hush, tone
from tests.rescorers import ScriptedRescorer
from tests.slow_house import SlowHouse, marked

SENTENCE = np.concatenate([hush(1), tone(3), hush(2)])
LONG = np.concatenate([hush(1), tone(12), hush(2)])
FAST = 0.1
BETTER = "Well, w1 w2 w3 w4 w5!"


def unslowed(recording: NDArray[np.int16]) -> list[str]:
    return SlowHouse(recording, lambda _: FAST).run().texts()


def assert_conserved(house: SlowHouse) -> None:
    """Consumed + dropped = captured, to the sample."""
    missing = sum(end - begin for begin, end in house.gaps())
    assert house.dropped_samples("lag") + house.dropped_samples("ring_full") == missing
    assert round(house.count("audio_seconds") * RATE_HZ, 4) + missing == house.captured == len(house.recording)


def assert_never_across(house: SlowHouse) -> None:
    """What each utterance has heard is one piece of the recording."""
    for heard in house.recognizer.heard:
        loud = np.flatnonzero(heard)
        if not len(loud):
            continue
        block = int(np.flatnonzero(np.abs(house.recording) == abs(int(heard[loud[0]])))[0]) - int(loud[0])
        places = range(max(block, 0), max(block, 0) + BLOCK)  # it may begin in the midst of a block
        assert any(np.array_equal(heard, house.recording[at : at + len(heard)]) for at in places)


def test_unslowed_everything_is_there() -> None:
    rescorer = ScriptedRescorer(lambda _: BETTER)
    house = SlowHouse(np.concatenate([SENTENCE, SENTENCE]), lambda _: FAST, rescorer=rescorer).run()
    assert len(house.partials()) > 4
    assert house.count("partials_suppressed") == 0
    assert [final.pass_no for final in house.finals()] == [2, 2]
    assert_conserved(house)


def test_a_second_behind_partials_and_second_pass_go_and_the_text_is_the_same() -> None:
    recording, rescorer = marked(np.concatenate([SENTENCE, hush(1), SENTENCE])), ScriptedRescorer(lambda _: BETTER)
    house = SlowHouse(recording, lambda now_s: 1.6 if now_s < 8 else FAST, rescorer=rescorer).run()
    assert house.texts()[0] == unslowed(recording)[0]
    late = sum(one.lag_s > 1.0 for one in house.consumed)
    assert late > 0
    assert house.count("partials_suppressed") == late
    first, second = house.finals()
    assert (first.pass_no, first.truncated, first.end_reason) == (1, False, "silence")
    assert house.count("second_pass_skipped", reason="overload") == 1
    assert second.pass_no == 2  # it is over
    first_partials = [one for one in house.partials() if one.segment_id == first.segment_id]
    assert first_partials  # until then
    assert first.revision == len(first_partials) + 1
    spoken_s = first.end_s - first.start_s
    assert len(first_partials) < spoken_s / 0.5
    assert house.gaps() == []
    assert_conserved(house)
    assert house.consumed[-1].lag_s == 0.0


def test_four_seconds_behind_all_but_the_newest_half_second_is_dropped_and_counted() -> None:
    recording = marked(np.concatenate([LONG, hush(1), SENTENCE]))
    house = SlowHouse(recording, lambda now_s: 2.0 if now_s < 11 else FAST).run()
    [(begin, end)] = house.gaps()
    assert house.dropped_samples("lag") == end - begin
    after = next(one for one in house.consumed if one.first_sample == end)
    assert 0.4 < after.lag_s <= 0.5
    assert max(one.lag_s for one in house.consumed) <= 4.0
    first, second, third = house.finals()
    assert (first.end_reason, first.truncated) == ("discontinuity", True)
    assert second.truncated  # its beginning is missing
    assert second.start_s >= end / RATE_HZ
    assert first.end_s <= begin / RATE_HZ
    assert (third.text, third.truncated, third.end_reason) == (unslowed(recording)[-1], False, "silence")
    assert [one for one in house.partials() if one.segment_id == third.segment_id]
    assert house.consumed[-1].lag_s == 0.0
    assert house.metrics.registry.get_sample_value("edge_asr_lag_seconds") == 0.0
    assert_conserved(house)
    assert_never_across(house)


def test_one_step_that_takes_too_long_is_a_gap_like_any_other() -> None:
    """The lag jumps over the first bound."""
    rescorer = ScriptedRescorer(lambda _: BETTER)
    recording = marked(LONG)
    house = SlowHouse(recording, lambda now_s: 300.0 if 3.99 < now_s < 4.01 else FAST, rescorer=rescorer).run()
    assert len(house.gaps()) == 1
    assert_conserved(house)
    assert_never_across(house)
    assert house.finals()[0].truncated


def test_a_full_ring_loses_the_oldest_and_the_gap_is_one_like_any_other() -> None:
    recording = marked(np.concatenate([LONG, hush(1), SENTENCE]))
    patient = OverloadConfig(partials_lag_s=30.0, flush_lag_s=60.0)
    stuck = 6.0 / 0.02  # one block takes six seconds
    house = SlowHouse(recording, lambda now_s: stuck if 4.99 < now_s < 5.01 else FAST, 2.0, patient).run()
    [(begin, end)] = house.gaps()
    assert house.dropped_samples("ring_full") == end - begin > 3 * RATE_HZ
    assert house.dropped_samples("lag") == 0
    first, second, third = house.finals()
    assert (first.end_reason, first.truncated) == ("discontinuity", True)
    assert second.truncated
    assert (third.text, third.truncated) == (unslowed(recording)[-1], False)
    assert house.consumed[-1].lag_s == 0.0
    assert_conserved(house)
    assert_never_across(house)


def test_stuck_for_longer_than_the_ring_holds_both_are_counted() -> None:
    recording = marked(np.concatenate([hush(1), tone(20), hush(2), SENTENCE]))
    stuck = 14.0 / 0.02
    house = SlowHouse(recording, lambda now_s: stuck if 2.99 < now_s < 3.01 else FAST).run()
    [(begin, end)] = house.gaps()
    full, late = house.dropped_samples("ring_full"), house.dropped_samples("lag")
    assert full == pytest.approx(4.0 * RATE_HZ, abs=0.05 * RATE_HZ)
    assert late == pytest.approx(9.5 * RATE_HZ, abs=0.05 * RATE_HZ)
    assert full + late == end - begin
    assert house.texts()[-1] == unslowed(recording)[-1]
    assert_conserved(house)
    assert_never_across(house)


def test_too_slow_for_good_it_says_so_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    house = SlowHouse(marked(np.concatenate([hush(1), tone(58)])), lambda _: 3.0).run()
    assert len(house.gaps()) > 5
    lines = [record.message for record in caplog.records if "behind" in record.message]
    assert len(lines) == 1
    assert_conserved(house)


costs = st.lists(st.tuples(st.floats(0.2, 6.0), st.sampled_from([0.05, 0.9, 1.5, 3.0, 8.0, 150.0])), max_size=6)
speech = st.lists(st.tuples(st.floats(0.2, 6.0), st.floats(0.1, 2.0)), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(costs, speech, st.sampled_from([1.0, 10.0]))
def test_whatever_is_slow_nothing_is_lost_uncounted_and_nothing_is_decoded_across_a_gap(
    slow: list[tuple[float, float]], spoken: list[tuple[float, float]], ring_s: float
) -> None:
    said = [part for loud_s, quiet_s in spoken for part in (tone(round(loud_s, 2)), hush(round(quiet_s, 2)))]
    recording = marked(np.concatenate([hush(0.5), *said, hush(1.5), SENTENCE]))
    ends_s = np.cumsum([seconds for seconds, _ in slow])

    def cost(now_s: float) -> float:
        index = int(np.searchsorted(ends_s, now_s, side="right"))
        return slow[index][1] if index < len(slow) else 0.05

    house = SlowHouse(recording, cost, ring_s).run()
    assert_conserved(house)
    assert_never_across(house)
    finals = [final.segment_id for final in house.finals()]
    assert len(finals) == len(set(finals))
    assert {one.segment_id for one in house.partials()} <= set(finals)
    truncated = {final.segment_id: final.truncated for final in house.finals()}
    for segment_id, begin_s, end_s, reason in house.segments():
        for gap in house.gaps():
            if begin_s < gap[0] / RATE_HZ < end_s or (reason != "silence" and end_s == gap[0] / RATE_HZ):
                expected = "discontinuity" if gap[1] < house.captured else "shutdown"  # nothing came after it
                assert (truncated.get(segment_id, True), reason) == (True, expected), gap
    if house.slow_until_s > (len(recording) - len(SENTENCE)) / RATE_HZ:
        return  # it was slow to the end
    assert house.consumed[-1].lag_s < 0.1
    assert house.texts()[-1] == "w0 w1 w2 w3 w4 w5"
    assert not house.finals()[-1].truncated


@pytest.mark.parametrize(("cause", "reason"), [("heat", "heat"), ("lag", "overload")])
def test_the_ladder_takes_partials_then_the_second_pass_whatever_the_lag(cause: str, reason: str) -> None:
    kinds = []
    for rung in Rung:
        rescorer = ScriptedRescorer(lambda _: BETTER)
        house = SlowHouse(SENTENCE, lambda _: FAST, rescorer=rescorer)
        house.worker.overload.relieve(Relief(rung, cause if rung else None))  # type: ignore[arg-type]
        house.run()
        [final] = house.finals()
        assert not final.truncated
        assert len([one for one in house.sink.events if isinstance(one, (FinalEvent, SpeechEndedEvent))]) == 2
        kinds.append((bool(house.partials()), final.pass_no, house.count("second_pass_skipped", reason=reason)))
        assert bool(house.count("partials_suppressed")) is not bool(house.partials())
    assert kinds == [(True, 2, 0), (False, 2, 0), (False, 1, 1), (False, 1, 1)]
