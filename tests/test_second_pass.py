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


def contexts(*finals: Transcript, context_s: float = 10.0) -> list[tuple[float, tuple[int, ...]]]:
    """Seconds and tokens that each final's decoding was given beside it."""
    rescorer = ScriptedRescorer()
    second_pass = SecondPass(rescorer, context_s)
    for one in finals:
        second_pass.rewrite(one)
    lengths = [len(one.samples) for one in finals if one.hypothesis.words]
    return [((n - own) / 16_000, given) for (n, given), own in zip(rescorer.heard, lengths, strict=True)]


def test_what_follows_closely_is_heard_behind_what_was_said_before() -> None:
    found = contexts(final(1, "a"), final(2, "b", start_s=2.5), final(3, "c", start_s=4.5))
    assert found == [(0.0, ()), (2.0, (0, 1)), (4.0, (0, 1, COMMA, 0, 1))]


def test_a_long_pause_another_stream_and_what_was_not_decoded_end_the_context() -> None:
    assert contexts(final(1, "a"), final(2, "b", start_s=2.8))[1] == (0.0, ())
    assert contexts(final(1, "a"), final(1, "b", start_s=2.0, stream="t"))[1] == (0.0, ())
    assert contexts(final(1, "a"), final(2, start_s=2.0), final(3, "c", start_s=4.0))[1] == (0.0, ())


def test_the_context_is_as_long_as_it_may_be() -> None:
    said = [final(n, "a", start_s=2.0 * n) for n in range(6)]
    assert [seconds for seconds, _ in contexts(*said, context_s=5.0)] == [0.0, 2.0, 4.0, 4.0, 4.0, 4.0]
    assert [seconds for seconds, _ in contexts(*said, context_s=0.0)] == [0.0] * 6


def test_a_short_segment_does_not_wait_for_a_long_context() -> None:
    said = [final(n, "a", start_s=2.0 * n) for n in range(5)]
    of_three = (6.0, (0, 1, COMMA, 0, 1, COMMA, 0, 1))  # three times its own length, and 6 s at least
    assert contexts(*said, final(5, "yes", start_s=10.0, seconds=1.0))[-2:] == [of_three, of_three]
    of_four = (8.0, (0, 1, COMMA, 0, 1, COMMA, 0, 1, COMMA, 0, 1))
    assert contexts(*said, final(5, "yes sir", start_s=10.0, seconds=2.7))[-1] == of_four


def test_of_a_segment_that_is_too_long_to_stand_before_the_last_words_do() -> None:
    """Its ten words take half a second each, and 5 s of silence follow: the last two begin within 6 s of its end."""
    words = [f"w{n}" for n in range(10)]
    rescorer = ScriptedRescorer(lambda _: " ".join(words))
    second_pass = SecondPass(rescorer, 15.0)
    second_pass.rewrite(final(1, *words, seconds=10.0))
    second_pass.rewrite(final(2, "b", start_s=10.0, seconds=1.0))
    assert rescorer.heard[1] == (7 * 16_000, (8, 9))  # all of its silence too


def test_what_is_foreseen_stands_behind_the_same_words_though_its_silence_grows() -> None:
    words = [f"w{n}" for n in range(24)]
    rescorer = ScriptedRescorer(lambda _: " ".join(words))
    second_pass = SecondPass(rescorer, 15.0)
    second_pass.rewrite(final(1, *words, seconds=12.0))
    said = final(2, *words[:4], start_s=12.0, seconds=4.0)
    said = replace(said, hypothesis=replace(said.hypothesis, trailing_silence_s=1.2))
    second_pass.foresee(ahead_of(said, 0.5), always)
    assert second_pass.rewrite(said).foreseen
    assert rescorer.heard[-1][0] == 12 * 16_000  # 3 s of sound behind 9 s


def test_words_that_the_first_pass_has_not_heard_are_not_sought_in_the_silence() -> None:
    """Two words fill a second, and two of the second pass come after them, before a silence of 6.1 s."""
    rescorer = ScriptedRescorer(lambda _: "w0 w1 w2 w3")
    second_pass = SecondPass(rescorer, 15.0)
    said = final(1, "w0", "w1", seconds=7.1)
    second_pass.rewrite(replace(said, hypothesis=replace(said.hypothesis, trailing_silence_s=6.1)))
    second_pass.rewrite(final(2, "b", start_s=7.1, seconds=1.0))
    assert rescorer.heard[1] == (7 * 16_000, (3,))


def test_context_and_segment_together_are_no_longer_than_the_model_takes() -> None:
    found = contexts(final(1, "a", seconds=16.0), final(2, "b", start_s=16.0, seconds=16.0), context_s=30.0)
    assert found[1] == (0.0, ())


def test_what_was_cut_without_a_pause_is_context_wherever_its_beginning_is_rounded_to() -> None:
    assert contexts(final(1, "a", start_s=0.1), final(2, "b", start_s=2.1 - 1e-12))[1] == (2.0, (0, 1))


def test_words_whose_times_may_still_move_get_no_better_ones() -> None:
    before = final(1, "well")
    before = replace(before, hypothesis=replace(before.hypothesis, timed=False), end_reason=EndReason.ERROR)
    after = SecondPass(ScriptedRescorer(), 10.0).rewrite(before)
    assert (after.final.hypothesis.text, after.final.hypothesis.timed) == ("Well, well.", False)


@pytest.mark.parametrize("reason", [EndReason.DISCONTINUITY, EndReason.MUTE, EndReason.ERROR])
def test_nothing_is_heard_across_a_gap(reason: EndReason) -> None:
    cut = replace(final(1, "a"), end_reason=reason, truncated=True)
    assert contexts(cut, final(2, "b", start_s=2.1))[1] == (0.0, ())
    behind_a_gap = replace(final(2, "b", start_s=2.1), truncated=True)
    assert contexts(final(1, "a"), behind_a_gap)[1] == (0.0, ())


def test_a_text_that_was_cut_off_is_no_context_for_the_rest_of_it_would_come_out_with_the_next() -> None:
    rescorer = ScriptedRescorer()
    second_pass = SecondPass(rescorer, 10.0)
    rescorer.complete = False
    assert second_pass.rewrite(final(1, "well", "well")).skipped is None
    second_pass.rewrite(final(2, "b", start_s=2.0))
    assert rescorer.heard[2] == (32_000, ())  # what did not come to an end was heard twice


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


def test_an_echo_is_one_of_the_segment_right_before() -> None:
    rescorer = ScriptedRescorer(lambda _: "Yes yes no.")
    texts = iter(["No no.", "Yes yes.", "Yes yes no."])
    rescorer.say = lambda _: next(texts)
    second_pass = SecondPass(rescorer, 15.0)
    second_pass.rewrite(final(1, "no", "no"))
    second_pass.rewrite(final(2, "yes", "yes", start_s=2.0))
    assert second_pass.rewrite(final(3, "no", start_s=4.0)).final.hypothesis.text == "no."


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
