"""Moonshine alone: when it decodes, what it believes, what it shows, and that the cutting of the audio is nothing."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.asr.moonshine.model import Moonshine
from edge_asr.asr.moonshine.recognizer import MoonshineRecognizer
from edge_asr.asr.rescorer import Rescored, SpokenWord
from edge_asr.asr.result import Hypothesis
from edge_asr.errors import RecognitionError
from tests.asr.moonshine.hearing import HearingRescorer, hypotheses
from tests.asr.moonshine.tiny_moonshine import END, START, bundle
from tests.fakes import RATE_HZ, hush, tone

SPEECH = np.concatenate([hush(0.6), tone(2.2), hush(0.5), tone(0.9), hush(0.7)])


def test_words_come_while_they_are_said_and_the_final_has_them_all() -> None:
    *partials, final = hypotheses(HearingRescorer(), SPEECH)
    texts = [partial.text for partial in partials]
    assert texts == sorted(texts, key=len)
    assert texts[0] == "w0"
    assert final.text == " ".join(f"w{n}" for n in range(7))
    assert final.timed
    assert not any(partial.timed for partial in partials)


@given(cuts=st.lists(st.integers(1, 4000), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_any_cutting_decodes_the_same_audio_with_the_same_drafts(cuts: list[int]) -> None:
    expected, seen = HearingRescorer(), HearingRescorer()
    final = hypotheses(expected, SPEECH)[-1]
    recognizer = MoonshineRecognizer(seen)
    state, at, turn = recognizer.start(), 0, 0
    while at < len(SPEECH):
        _, state = recognizer.step(SPEECH[at : at + cuts[turn % len(cuts)]], state)
        at, turn = at + cuts[turn % len(cuts)], turn + 1
    assert recognizer.finish(state)[0] == final
    assert (seen.heard, seen.drafts) == (expected.heard, expected.drafts)


@pytest.mark.parametrize("size", [1, 7, 100, 319, 320])
def test_any_cutting_below_a_block_gives_the_same_hypotheses(size: int) -> None:
    assert hypotheses(HearingRescorer(), SPEECH, size) == hypotheses(HearingRescorer(), SPEECH)


def test_each_decoding_is_the_draft_of_the_next_but_where_it_may_be_the_last() -> None:
    rescorer = HearingRescorer()
    hypotheses(rescorer, SPEECH)
    assert rescorer.drafts[0] == ()
    assert rescorer.drafts[-1] is None
    assert rescorer.drafts.count(None) == 2  # in each pause
    drafts = [draft for draft in rescorer.drafts if draft is not None]
    lengths = [len(draft) for draft in drafts]
    assert drafts[-1] == tuple(range(lengths[-1]))
    assert lengths == sorted(lengths)
    assert lengths[-1] >= 5


class Undrafted(Moonshine):
    """The same network, which is not told what it wrote before."""

    def decode(self, samples: NDArray[np.int16], *_: object, **__: object) -> Rescored:
        return super().decode(samples)


@pytest.mark.parametrize("follows", [None, {START: 3, 3: 5, 5: 6, 6: 7, 7: 5}, {START: 3, 3: 4, 4: 4}, {START: END}])
def test_drafts_change_nothing(follows: dict[int, int] | None, tmp_path: Path) -> None:
    network = bundle(tmp_path) if follows is None else bundle(tmp_path, follows)

    def heard(model: Moonshine) -> list[Hypothesis]:
        recognizer = MoonshineRecognizer(model)
        state, found = recognizer.start(), []
        for at in range(0, len(SPEECH), 320):
            hypothesis, state = recognizer.step(SPEECH[at : at + 320], state)
            found += [] if hypothesis is None else [hypothesis]
        return [*found, recognizer.finish(state)[0]]

    found = heard(Moonshine(network))
    assert len(found) > 4
    assert found == heard(Undrafted(network))


def test_after_the_pause_nothing_is_decoded_again() -> None:
    rescorer = HearingRescorer()
    *_, last, final = hypotheses(rescorer, np.concatenate([hush(0.6), tone(2.0), hush(0.7)]))
    assert rescorer.heard[-1] == pytest.approx((0.6 + 2.0 + 0.3) * RATE_HZ, abs=320)
    assert (last.text, final.text) == ("w0 w1 w2 w3", "w0 w1 w2 w3")
    assert last.trailing_silence_s == pytest.approx(0.3, abs=0.03)


def test_speech_up_to_the_very_end_is_decoded_to_the_last_sample() -> None:
    rescorer = HearingRescorer()
    samples = np.concatenate([hush(0.6), tone(1.37)])[:-7]
    assert hypotheses(rescorer, samples)[-1].text == "w0 w1 w2"
    assert rescorer.heard[-1] == len(samples)
    assert rescorer.drafts[-1] is None


def test_where_nothing_stands_out_the_model_is_not_asked() -> None:
    rescorer = HearingRescorer()
    hiss = np.random.default_rng(1).normal(0, 2000, 5 * RATE_HZ).astype(np.int16)
    for samples in (hush(5), hiss, hush(0), hush(0.001)):
        [final] = hypotheses(rescorer, samples)
        assert final.words == ()
        assert final.trailing_silence_s == pytest.approx(len(samples) / RATE_HZ)
    assert rescorer.heard == []


def test_a_sound_that_adds_no_word_counts_as_silence() -> None:
    """Steady noise after the words: loudness alone would never let the utterance end."""
    *partials, _ = hypotheses(HearingRescorer(most=3), np.concatenate([hush(0.6), tone(4)]))
    silences = [partial.trailing_silence_s for partial in partials if partial.text == "w0 w1 w2"]
    assert silences[0] == 0.0
    assert 0.6 <= silences[2] <= 1.2
    assert silences == sorted(silences)


def test_words_that_are_not_loud_are_heard_when_the_utterance_does_not_end() -> None:
    """Loudness misses them, in noise above all: whoever feeds on hears a voice."""
    speech = np.concatenate([hush(0.6), tone(1.0, 32_760), tone(2.1, 1005), hush(0.7)])
    *partials, final = hypotheses(HearingRescorer(), speech)
    assert final.text == "w0 w1 w2 w3 w4 w5 w6"
    [more, *_] = [partial for partial in partials if len(partial.words) > 3]
    assert more.decoded_s - 1.6 == pytest.approx(0.9, abs=0.03)
    assert more.trailing_silence_s == 0.0


def test_a_voice_after_a_pause_counts_as_silence_only_from_where_it_set_in() -> None:
    """The next word takes its time to be believed: the pause before it must not be added, a cut would divide it."""
    rescorer = HearingRescorer(most=3)
    *partials, _ = hypotheses(rescorer, np.concatenate([hush(0.6), tone(1.5), hush(0.5), tone(0.5), hush(0.1)]))
    within = [partial for partial in partials if partial.decoded_s > 2.65]
    assert within
    assert all(partial.trailing_silence_s <= partial.decoded_s - 2.55 for partial in within)


def test_a_word_cut_in_the_middle_is_held_back_until_it_is_sure_or_stays() -> None:
    speech = np.concatenate([hush(0.6), tone(2.2), hush(0.5)])
    sure = [partial.text for partial in hypotheses(HearingRescorer(0.8), speech)]
    unsure = [partial.text for partial in hypotheses(HearingRescorer(0.7), speech)]
    assert sure[0] == "w0"
    assert unsure[0] == ""
    assert unsure[-2:] == sure[-2:]  # after the pause, and the final
    lasting = [partial.text for partial in hypotheses(HearingRescorer(0.7, most=1), speech)]
    assert lasting[:2] == ["", "w0"]


def test_the_mark_at_the_end_of_a_partial_is_left_open() -> None:
    *partials, final = hypotheses(HearingRescorer(mark="."), SPEECH)
    assert not any(partial.text.endswith(".") for partial in partials)
    assert final.text.endswith("w6.")


@pytest.mark.parametrize(("confidence", "heard"), [(0.49, False), (0.51, True)])
def test_who_listens_alone_must_be_sure(confidence: float, heard: bool) -> None:
    final = hypotheses(HearingRescorer(confidence), SPEECH)[-1]
    assert bool(final.words) is heard


@pytest.mark.parametrize(("confidence", "text"), [(0.7, "w0 w1 w2 w3"), (0.9, "x0 x1 x2 x3 x4 x5 x6")])
def test_a_text_that_does_not_end_leaves_the_one_before_unless_it_is_very_sure(confidence: float, text: str) -> None:
    rescorer = HearingRescorer(confidence)
    recognizer = MoonshineRecognizer(rescorer)
    _, state = recognizer.step(SPEECH[: round(2.6 * RATE_HZ)], recognizer.start())
    rescorer.complete, rescorer.letter = False, "x"  # no word as before: nothing confirms it
    _, state = recognizer.step(SPEECH[round(2.6 * RATE_HZ) :], state)
    assert recognizer.finish(state)[0].text == text


def test_marks_alone_are_no_words() -> None:
    class Music(HearingRescorer):
        def decode(self, *args: object, **how: object) -> Rescored:  # noqa: ARG002
            return Rescored((SpokenWord("♪", 0.9), SpokenWord("...", 0.9)), (1,), complete=True)

    assert {hypothesis.words for hypothesis in hypotheses(Music(), SPEECH)} == {()}


def test_when_nobody_waits_for_partials_it_decodes_seldom_and_says_the_same() -> None:
    speech = np.concatenate([hush(0.6), tone(8), hush(0.7)])
    seldom, often = HearingRescorer(), HearingRescorer()
    assert hypotheses(seldom, speech, partial=False)[-1] == hypotheses(often, speech)[-1]
    assert 1 < len(seldom.heard) <= len(often.heard) / 3
    assert seldom.heard[0] < 5 * RATE_HZ  # endpoint.no_words_s: who speaks in noise is not cut for want of words


def test_an_utterance_longer_than_the_model_takes_is_refused() -> None:
    rescorer = HearingRescorer()
    rescorer.longest_s = 4.0
    with pytest.raises(
        RecognitionError, match=r"longer than the 4 s that the model 'hearing' can hear; lower endpoint"
    ):
        hypotheses(rescorer, np.concatenate([hush(0.6), tone(9)]))
    assert max(rescorer.heard) <= 4 * RATE_HZ


def test_a_quiet_voice_is_raised_and_a_loud_one_behind_it_stays_within_the_scale() -> None:
    class Keeping(HearingRescorer):
        def decode(self, samples: NDArray[np.int16], *args: object, **how: object) -> Rescored:  # noqa: ARG002
            self.last = samples
            return super().decode(samples)

    rescorer = Keeping()
    recognizer = MoonshineRecognizer(rescorer)
    quiet, loud = tone(1, 500), tone(1, 20_000)
    _, state = recognizer.step(np.concatenate([hush(0.6), quiet, loud]), recognizer.start(4.0))
    recognizer.finish(state)
    raised = rescorer.last[round(0.6 * RATE_HZ) :]
    assert np.array_equal(raised[:RATE_HZ], tone(1, 2000))
    assert set(raised[RATE_HZ:].tolist()) == {-32768, 32767}


def test_words_lie_in_order_within_the_voice() -> None:
    for hypothesis in hypotheses(HearingRescorer(), SPEECH):
        times = [moment for word in hypothesis.words for moment in (word.start_s, word.end_s)]
        assert times == sorted(times)
        assert times == [] or (times[0] == pytest.approx(0.6, abs=0.03) and times[-1] <= hypothesis.decoded_s)
    words = hypotheses(HearingRescorer(), SPEECH)[-1].words
    assert words[-1].end_s == pytest.approx(4.2, abs=0.03)
    assert all(word.start_s < word.end_s for word in words)


def test_two_utterances_at_once_do_not_disturb_each_other() -> None:
    recognizer = MoonshineRecognizer(HearingRescorer())
    one, other = recognizer.start(), recognizer.start()
    short = np.concatenate([hush(0.6), tone(0.4)])
    for at in range(0, len(SPEECH), 800):
        _, one = recognizer.step(SPEECH[at : at + 800], one)
        _, other = recognizer.step(short[at : at + 800], other)
    assert recognizer.finish(one)[0] == hypotheses(HearingRescorer(), SPEECH)[-1]
    assert recognizer.finish(other)[0].text == "w0"


def test_who_is_stopped_says_so() -> None:
    recognizer = MoonshineRecognizer(HearingRescorer())
    recognizer.stop()
    with pytest.raises(RecognitionError):
        recognizer.step(SPEECH, recognizer.start())
