"""A pause that is likely to become the end of an utterance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk
from edge_asr.observation import Transcript
from edge_asr.pipeline import Pipeline
from tests.fakes import RATE_HZ, LoudState, hush, tone
from tests.pipeline_feed import chunks, feed, finals, make


def candidates(pipeline: Pipeline[LoudState], audio: list[AudioChunk]) -> list[tuple[Transcript | None, bool]]:
    """What the pipeline foresees after each chunk, and whether that chunk has brought a final."""
    out = []
    for chunk in audio:
        seen = pipeline.process(chunk)
        out.append((pipeline.candidate, bool(finals(seen))))
    return out


def test_a_pause_that_is_likely_to_be_the_end_is_foreseen_with_what_will_be_heard() -> None:
    pipeline = make()
    audio = chunks(np.concatenate([hush(1), tone(2), hush(2)]))
    found = candidates(pipeline, audio)
    [final] = finals(feed(make(), audio))
    foreseen = [one for one, _ in found if one is not None]
    assert len({id(one) for one in foreseen}) == 1  # the same pause
    [end] = [number for number, (_, ended) in enumerate(found) if ended]
    assert [one is not None for one, _ in found[end - 11 : end + 1]] == [True] * 11 + [False]
    [candidate] = {one.revision: one for one in foreseen}.values()
    assert (candidate.segment_id, candidate.start_s, candidate.revision) == (
        final.segment_id,
        final.start_s,
        final.revision,
    )
    assert candidate.hypothesis.sound_end_s == pytest.approx(final.hypothesis.sound_end_s)
    assert final.hypothesis.sound_end_s == pytest.approx(3.0 - final.start_s)
    assert np.array_equal(candidate.samples, final.samples[: len(candidate.samples)])
    assert len(final.samples) > len(candidate.samples) > (final.hypothesis.sound_end_s + 0.2) * RATE_HZ


def test_when_speech_goes_on_the_end_is_no_longer_foreseen_and_the_next_pause_is_another() -> None:
    found = candidates(make(), chunks(np.concatenate([hush(1), tone(2), hush(0.5), tone(1), hush(2)])))
    runs = [one for number, (one, _) in enumerate(found) if one is not None and found[number - 1][0] is not one]
    assert [round(one.start_s + one.hypothesis.sound_end_s, 2) for one in runs] == [3.0, 4.5]
    assert {one.segment_id for one in runs} == {"s-1"}
    assert found[round(3.7 / 0.02)][0] is None


@given(sizes=st.lists(st.integers(1, 9000), min_size=1, max_size=30))
@settings(max_examples=20, deadline=None)
def test_looking_at_what_is_foreseen_changes_nothing_and_any_cutting_foresees_the_same(sizes: list[int]) -> None:
    speech = np.concatenate([hush(1), tone(1), hush(0.5), tone(1.3), hush(0.45), tone(0.6), hush(2)])
    pipeline, at, seen = make(), 0, []
    foreseen: dict[str, float] = {}
    for turn in range(len(speech)):
        size = sizes[turn % len(sizes)]
        seen += pipeline.process(AudioChunk("s", at, speech[at : at + size], RATE_HZ, 0))
        if (one := pipeline.candidate) is not None:
            foreseen[one.segment_id] = round(one.hypothesis.sound_end_s, 6)
        at += size
        if at >= len(speech):
            break
    expected = feed(make(), chunks(speech))
    assert seen == expected
    by_segment = {final.segment_id: round(final.hypothesis.sound_end_s, 6) for final in finals(expected)}
    if max(sizes) <= 1600:  # who looks seldom may see no pause, or only one before the last
        assert foreseen == by_segment


@pytest.mark.parametrize("reason", [EndReason.MUTE, EndReason.SHUTDOWN, EndReason.DISCONTINUITY])
def test_whatever_ends_the_utterance_ends_what_was_foreseen(reason: EndReason) -> None:
    pipeline = make()
    feed(pipeline, chunks(np.concatenate([hush(1), tone(2), hush(0.5)])))
    before = pipeline.candidate
    pipeline.end(reason)
    after = pipeline.candidate
    assert before is not None
    assert after is None


def test_an_error_ends_what_was_foreseen() -> None:
    pipeline = make()
    feed(pipeline, chunks(np.concatenate([hush(1), tone(2), hush(0.5)])))
    before = pipeline.candidate
    pipeline.abandon()
    after = pipeline.candidate
    assert before is not None
    assert after is None
