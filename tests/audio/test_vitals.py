"""What the samples say of a microphone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.vitals import Limits, Verdict, Vitals
from edge_asr.clock import NS_PER_S

LIMITS = Limits(first_chunk_s=5.0, no_chunk_s=3.0, one_value_s=4.0)
HISS = np.array([0, 1, 0, -1], np.int16)


def chunk(at_s: float, samples: object = HISS) -> AudioChunk:
    return AudioChunk("s", 0, np.asarray(samples, np.int16), 16_000, round(at_s * NS_PER_S))


def at(seconds: float) -> int:
    return round(seconds * NS_PER_S)


def test_before_the_first_chunk_there_is_more_patience() -> None:
    vitals = Vitals(at(10))
    assert vitals.judge(LIMITS, at(12)) == Verdict("awaited", 3.0)
    assert vitals.judge(LIMITS, at(15)) == Verdict("gone", None)


def test_a_longer_limit_of_the_user_holds_for_the_first_chunk_too() -> None:
    assert Vitals(0).judge(Limits(5.0, 8.0, 4.0), at(7)) == Verdict("awaited", 1.0)


def test_the_first_chunk_of_zeros_is_life_and_zeros_for_long_are_none() -> None:
    vitals = Vitals(0)
    vitals.take(chunk(1.0, [0, 0, 0]))
    assert vitals.judge(LIMITS, at(1.5)) == Verdict("hearing", 2.5)
    for tenth in range(11, 52):
        vitals.take(chunk(tenth / 10, [0, 0, 0]))
    assert vitals.judge(LIMITS, at(5.1)).vitality == "silent"
    vitals.take(chunk(5.2))
    assert vitals.judge(LIMITS, at(5.2)) == Verdict("hearing", 3.0)
    assert vitals.judge(Limits(5.0, 100.0, 4.0), at(5.2)) == Verdict("hearing", 4.0)


def test_the_alarm_can_be_off() -> None:
    vitals = Vitals(0)
    vitals.take(chunk(1.0, [7, 7]))
    vitals.take(chunk(100.0, [7, 7]))
    assert vitals.judge(Limits(5.0, 3.0, 0.0), at(100.0)).vitality == "hearing"


def test_a_chunk_without_samples_is_no_sound() -> None:
    vitals = Vitals(0)
    vitals.take(chunk(1.0))
    vitals.take(chunk(6.0, []))
    assert vitals.judge(LIMITS, at(6.0)).vitality == "silent"


def test_who_was_not_there_to_listen_waits_anew_and_no_longer() -> None:
    vitals = Vitals(0)
    vitals.take(chunk(1.0))
    vitals.stood_still(at(9.0))
    assert vitals.judge(LIMITS, at(9.0)) == Verdict("hearing", 3.0)
    assert vitals.judge(LIMITS, at(12.0)) == Verdict("gone", None)


@given(gaps=st.lists(st.tuples(st.floats(0.001, 10.0), st.booleans()), max_size=20), look_s=st.floats(0.0, 20.0))
def test_a_verdict_holds_until_it_is_due(gaps: list[tuple[float, bool]], look_s: float) -> None:
    vitals, now_s = Vitals(0), 0.0
    for gap_s, sounds in gaps:
        now_s += gap_s
        vitals.take(chunk(now_s, HISS if sounds else [0, 0]))
    first = vitals.judge(LIMITS, at(now_s + look_s))
    if first.due_s is None:
        assert vitals.judge(LIMITS, at(now_s + look_s + 1000)) == first
        return
    assert vitals.judge(LIMITS, at(now_s + look_s) + max(0, at(first.due_s) - 1000)).vitality == first.vitality
    assert vitals.judge(LIMITS, at(now_s + look_s) + at(first.due_s) + 1000).vitality != first.vitality
