"""Behind which words the second pass hears a segment: what was said right before it."""

from dataclasses import replace

import pytest

from edge_asr.asr.rescorer import always
from edge_asr.asr.result import EndReason
from edge_asr.observation import Transcript
from edge_asr.second_pass import SecondPass
from tests.rescorers import COMMA, ScriptedRescorer, ahead_of, final


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


def test_an_echo_is_one_of_the_segment_right_before() -> None:
    rescorer = ScriptedRescorer(lambda _: "Yes yes no.")
    texts = iter(["No no.", "Yes yes.", "Yes yes no."])
    rescorer.say = lambda _: next(texts)
    second_pass = SecondPass(rescorer, 15.0)
    second_pass.rewrite(final(1, "no", "no"))
    second_pass.rewrite(final(2, "yes", "yes", start_s=2.0))
    assert second_pass.rewrite(final(3, "no", start_s=4.0)).final.hypothesis.text == "no."
