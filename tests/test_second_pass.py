"""When the second pass is believed, what it is given, and what becomes of a final."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edge_asr.asr.rescorer import Rescored, always, never
from edge_asr.asr.result import EndReason
from edge_asr.errors import RecognitionError
from edge_asr.observation import SpeechEnded, Transcript
from edge_asr.second_pass import SecondPass, heard_again
from tests.rescorers import COMMA, ScriptedRescorer, ahead_of, final, paused


def test_its_words_replace_those_of_the_first_in_their_time() -> None:
    before = final(1, "well", "well")
    after = SecondPass(ScriptedRescorer(), 10.0).rewrite(before)
    assert after.skipped is None
    assert after.final.hypothesis.text == "Well, well."
    assert [(word.start_s, word.end_s, word.confidence) for word in after.final.hypothesis.words] == [
        (0.0, 0.5, 0.9),
        (0.5, 1.0, 0.9),
    ]
    assert (after.final.second_model, before.second_model) == ("second", None)
    assert (after.final.segment_id, after.final.revision, after.final.end_reason) == ("s-1", 3, before.end_reason)


def test_where_the_first_pass_heard_no_word_the_second_is_not_asked() -> None:
    rescorer = ScriptedRescorer()
    after = SecondPass(rescorer, 10.0).rewrite(final(1))
    assert (after.skipped, after.final.hypothesis.text, rescorer.heard) == ("no_words", "", [])


@pytest.mark.parametrize(
    ("text", "confidence", "complete", "reason"),
    [
        ("", 0.9, True, "empty"),
        (". ,", 0.9, True, "empty"),  # marks alone are no text
        ("Well well well well well", 0.9, False, "endless"),
        ("Well, done,", 0.9, False, None),  # cut off from a loop, and the first pass heard the same
        ("well " * 15, 0.9, True, "endless"),
        ("Thank you.", 0.4, True, "doubtful"),
        ("Thank you.", 0.6, True, None),  # sure of itself
        ("Thank well.", 0.4, True, None),  # the first pass heard some of it
    ],
)
def test_what_cannot_be_believed_leaves_the_first_text(
    text: str, confidence: float, complete: bool, reason: str | None
) -> None:
    rescorer = ScriptedRescorer(lambda _: text, confidence)
    rescorer.complete = complete
    after = SecondPass(rescorer, 10.0).rewrite(final(1, "well", "done"))
    assert after.skipped == reason
    assert (after.final.hypothesis.text == "well done") is (reason is not None)


def test_a_segment_longer_than_the_model_takes_is_left_alone() -> None:
    assert SecondPass(ScriptedRescorer(), 10.0).rewrite(final(1, "well", seconds=30.1)).skipped == "too_long"


def test_an_error_leaves_the_first_text_and_says_what_it_was(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(ScriptedRescorer):
        def decode(self, *_: object, **__: object) -> Rescored:
            raise RecognitionError("out of order")

    after = SecondPass(Broken(), 10.0).rewrite(final(1, "well"))
    assert (after.skipped, after.fault, after.final.hypothesis.text) == ("error", "out of order", "well")
    heard_again(final(2, "well"), SecondPass(Broken(), 10.0))
    assert "out of order" in caplog.text
    assert "well" not in caplog.text


@pytest.mark.parametrize(
    ("reason", "silent_s", "heard_s"),
    [
        (EndReason.SILENCE, 1.1, 1.2),
        (EndReason.SILENCE, 0.6, 1.6),  # a sound that was no word: the second may know better
        (EndReason.MAX_LENGTH, 1.1, 2.0),
        (EndReason.MUTE, 1.1, 2.0),
        (EndReason.END_OF_INPUT, 1.1, 2.0),
    ],
)
def test_little_of_the_silence_that_ended_it_is_heard(reason: EndReason, silent_s: float, heard_s: float) -> None:
    rescorer = ScriptedRescorer()
    said = replace(final(1, "well", "done", seconds=2.0), end_reason=reason)
    said = replace(said, hypothesis=replace(said.hypothesis, trailing_silence_s=silent_s))
    after = SecondPass(rescorer, 10.0).rewrite(said).final
    assert [count / 16_000 for count, _ in rescorer.heard] == [heard_s]
    assert len(after.samples) == len(said.samples)


def test_words_whose_times_may_still_move_get_no_better_ones() -> None:
    before = final(1, "well")
    before = replace(before, hypothesis=replace(before.hypothesis, timed=False), end_reason=EndReason.ERROR)
    after = SecondPass(ScriptedRescorer(), 10.0).rewrite(before)
    assert (after.final.hypothesis.text, after.final.hypothesis.timed) == ("Well, well.", False)


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ("yes", "Yes yes", "yes"),
        ("please", "so yes please", "please"),
        ("yes yes", "Yes yes", "Yes yes"),  # it was said again
        ("no", "Yes no.", "no."),
        ("yet", "Yes.", "Yes."),  # something was said, and this is all that there is
        ("come", "Yes, go.", "Yes, go."),  # the first pass does not know better
    ],
)
def test_what_was_said_before_is_not_said_again(first: str, second: str, text: str) -> None:
    said = iter(["Well, so, yes.", second])
    second_pass = SecondPass(ScriptedRescorer(lambda _: next(said)), 10.0)
    second_pass.rewrite(final(1, "yes"))
    assert second_pass.rewrite(final(2, *first.split(), start_s=2.0)).final.hypothesis.text == text


def test_the_marks_that_end_the_sentence_before_are_no_words() -> None:
    after = SecondPass(ScriptedRescorer(lambda _: ". , and so"), 10.0).rewrite(final(1, "and"))
    assert after.final.hypothesis.text == "and so"


def test_only_finals_are_heard_again() -> None:
    rescorer = ScriptedRescorer()
    second_pass = SecondPass(rescorer, 10.0)
    done = final(1, "well", "well")
    partial = Transcript("s", "s-1", 1, done.hypothesis, 0.0, 0.0, 1.0, None)
    over = SpeechEnded("s", "s-1", 2.0, done.end_reason, 2)  # type: ignore[arg-type]
    assert [heard_again(one, second_pass) for one in (partial, over)] == [partial, over]
    assert rescorer.heard == []
    assert heard_again(done, None) is done
    again = heard_again(done, second_pass)
    assert isinstance(again, Transcript)
    assert again.second_model == "second"


@pytest.mark.parametrize(("said", "reason"), [("enter six two four", "spelled"), ("six lamps in two rooms", None)])
def test_a_row_of_numbers_or_letters_is_left_to_the_first_pass(said: str, reason: str | None) -> None:
    rescorer = ScriptedRescorer()
    rescorer.language = "en"
    after = SecondPass(rescorer, 10.0).rewrite(final(1, *said.split(), seconds=5.0))
    assert after.skipped == reason
    assert bool(rescorer.heard) is (reason is None)


def test_what_was_decoded_before_the_final_came_is_used_and_is_the_same() -> None:
    finals = [paused(1, "a", "b"), paused(2, "c", start_s=2.2), paused(3, "d", start_s=4.4)]
    rescorer = ScriptedRescorer(lambda count: f"Well, {count}.")
    plain = SecondPass(ScriptedRescorer(lambda count: f"Well, {count}."), 10.0)
    second_pass = SecondPass(rescorer, 10.0)
    for one in finals:
        second_pass.foresee(ahead_of(one, 0.3), always)
        ahead, expected = second_pass.rewrite(one), plain.rewrite(one)
        assert (ahead.foreseen, expected.foreseen) == (True, False)
        assert (ahead.final, ahead.skipped) == (expected.final, None)
    assert len(rescorer.heard) == 3  # each once
    assert rescorer.heard[2][1] == (0, 1, COMMA, 0, 1)  # behind the words before it


@pytest.mark.parametrize("change", ["louder", "longer", "ended", "context", "again"])
def test_what_was_decoded_of_other_sound_or_behind_other_words_is_not_used(change: str) -> None:
    rescorer = ScriptedRescorer()
    second_pass = SecondPass(rescorer, 10.0)
    one = paused(2, "c", start_s=2.2)
    second_pass.foresee(ahead_of(one, 0.3), always)
    if change == "louder":
        one = replace(one, samples=one.samples + np.int16(1))
    elif change == "longer":
        one = replace(one, hypothesis=replace(one.hypothesis, trailing_silence_s=0.5))
    elif change == "ended":
        one = replace(one, end_reason=EndReason.MUTE)
    elif change == "context":
        second_pass = SecondPass(rescorer, 10.0)
        second_pass.rewrite(paused(1, "a"))
        second_pass.foresee(ahead_of(replace(one, stream_id="t"), 0.3), always)  # hears nothing before it
    else:
        second_pass.rewrite(one)  # used, and gone
        one = replace(one, start_s=9.0)
    before = len(rescorer.heard)
    assert not second_pass.rewrite(one).foreseen
    assert len(rescorer.heard) == before + 1


def test_what_was_given_up_or_failed_ahead_is_decoded_when_the_final_is_there() -> None:
    class Failing(ScriptedRescorer):
        fail = True

        def decode(self, *args: Any, wanted: Callable[[], bool] = always, **how: Any) -> Rescored:
            if self.fail or not wanted():
                raise RecognitionError("out of order")
            return super().decode(*args, **how)

    rescorer = Failing()
    second_pass = SecondPass(rescorer, 10.0)
    second_pass.foresee(ahead_of(paused(1, "a"), 0.3), always)
    rescorer.fail = False
    second_pass.foresee(ahead_of(paused(1, "a"), 0.3), lambda: False)
    after = second_pass.rewrite(paused(1, "a"))
    assert (after.foreseen, after.skipped, after.final.second_model) == (False, None, "second")


def test_a_hearing_ahead_that_nobody_wants_any_more_is_not_kept_when_its_final_may_be_heard_twice() -> None:
    rescorer = ScriptedRescorer(confidence=0.99)  # too sure for a vote, which would be given up too
    rescorer.log_share = -9.0
    second_pass = SecondPass(rescorer, 10.0)
    second_pass.foresee(ahead_of(paused(1, "a"), 0.3), lambda: False, lambda: False)
    assert len(rescorer.heard) == 1
    assert not second_pass.rewrite(paused(1, "a")).foreseen
    assert len(rescorer.heard) == 3


def test_who_has_no_time_has_it_heard_once() -> None:
    rescorer = ScriptedRescorer()
    rescorer.log_share = -9.0
    heard_again(final(1, "a"), SecondPass(rescorer, 10.0), never)
    assert len(rescorer.heard) == 1
    heard_again(final(1, "a"), SecondPass(rescorer, 10.0))
    assert len(rescorer.heard) == 3


@pytest.mark.parametrize(("said", "seconds"), [("", 2.0), ("six two four", 2.0), ("well", 31.0)])
def test_what_would_not_be_heard_again_is_not_decoded_ahead(said: str, seconds: float) -> None:
    rescorer = ScriptedRescorer()
    rescorer.language = "en"
    SecondPass(rescorer, 10.0).foresee(final(1, *said.split(), seconds=seconds), always)
    assert rescorer.heard == []
