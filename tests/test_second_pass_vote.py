"""Where both passes differ: what the second is asked, when, and what becomes of the text."""

from dataclasses import replace

import pytest

from edge_asr.asr.rescorer import always
from edge_asr.errors import RecognitionError
from edge_asr.second_pass import SecondPass
from tests.rescorers import ScriptedRescorer, ahead_of, final, paused


def unsure(say: str) -> ScriptedRescorer:
    rescorer = ScriptedRescorer(lambda _: say, confidence=0.6)
    rescorer.likelier = lambda _: 0.5
    return rescorer


def test_a_word_of_the_first_pass_has_its_own_time_and_confidence() -> None:
    rescorer = unsure("Form miello.")
    after = SecondPass(rescorer, 10.0).rewrite(final(1, "form", "yellow"))
    assert rescorer.asked == [("sound 1", (), "Form miello.", ["Form yellow."])]
    assert (after.skipped, after.final.second_model) == (None, "second")
    words = [(word.word, word.start_s, word.end_s, word.confidence) for word in after.final.hypothesis.words]
    assert words == [("Form", 0.0, 0.5, 0.6), ("yellow.", 0.5, 1.0, 0.7)]


def test_where_its_own_is_much_likelier_its_text_stays() -> None:
    rescorer = unsure("Form miello.")
    rescorer.likelier = lambda _: 2.0
    assert SecondPass(rescorer, 10.0).rewrite(final(1, "form", "yellow")).final.hypothesis.text == "Form miello."


@pytest.mark.parametrize("say", ["Form yellow.", "Thank you for watching."])
def test_nothing_is_asked_where_both_agree_or_the_second_is_not_believed(say: str) -> None:
    rescorer = unsure(say)
    rescorer.confidence = 0.3
    after = SecondPass(rescorer, 10.0).rewrite(final(1, "form", "yellow"))
    assert rescorer.asked == []
    assert after.skipped == (None if say.startswith("Form") else "doubtful")


def test_a_text_that_was_cut_off_is_not_put_to_the_vote() -> None:
    rescorer = unsure("Form yellow lights, lights")
    rescorer.complete = False
    SecondPass(rescorer, 10.0).rewrite(final(1, "form", "yellow", "lights"))
    assert rescorer.asked == []


def test_it_is_asked_behind_the_context_whose_words_remain_its_own() -> None:
    said = iter(["Form miello.", "miello light now."])
    rescorer = ScriptedRescorer(lambda _: next(said), confidence=0.6)
    rescorer.likelier = lambda _: 0.5
    second_pass = SecondPass(rescorer, 10.0)
    second_pass.rewrite(final(1, "form", "yellow"))
    after = second_pass.rewrite(final(2, "light", "how", start_s=2.0))
    # what it said again, a word of its own, stands before all of them
    assert rescorer.asked[1] == ("sound 2", (0, 1), "miello light now.", ["miello light how."])
    assert after.final.hypothesis.text == "light how."


def test_what_was_asked_ahead_of_the_final_is_not_asked_again() -> None:
    rescorer = unsure("Form miello.")
    second_pass, one = SecondPass(rescorer, 10.0), paused(1, "form", "yellow")
    second_pass.foresee(ahead_of(one, 0.3), always)
    assert len(rescorer.asked) == 1
    after, plain = second_pass.rewrite(one), SecondPass(unsure("Form miello."), 10.0).rewrite(one)
    assert len(rescorer.asked) == 1
    assert (after.foreseen, after.final) == (True, plain.final)


class Twice(ScriptedRescorer):
    """Not sure of what it hears at first, and surer of what it hears a little later."""

    def __init__(self, better: float = -3.0) -> None:
        super().__init__(confidence=0.6)
        self.say = lambda _: "Form miello." if len(self.heard) == 1 else "Form bellow."
        self.likelier = lambda _: 0.5
        self.better = better

    @property
    def log_share(self) -> float:  # type: ignore[override]
        return -9.0 if len(self.heard) == 1 else self.better


@pytest.mark.parametrize("hearings", [1, 2])
def test_all_is_ready_for_a_final_that_comes_before_a_second_hearing_or_during_it(hearings: int) -> None:
    rescorer, one = Twice(), paused(1, "form", "yellow")
    second_pass = SecondPass(rescorer, 10.0)
    second_pass.foresee(ahead_of(one, 0.3), always, lambda: hearings == 2)
    asked = [("sound 1", (), "Form miello.", ["Form yellow."]), ("sound 2", (), "Form bellow.", ["Form yellow."])]
    assert rescorer.asked == asked[:hearings]
    after = second_pass.rewrite(one)
    assert (len(rescorer.heard), len(rescorer.asked)) == (hearings, hearings)
    assert (after.foreseen, after.final.hypothesis.text) == (True, "Form yellow.")


def test_a_second_hearing_that_is_no_better_asks_nothing_more() -> None:
    rescorer, one = Twice(better=-10.0), paused(1, "form", "yellow")
    second_pass = SecondPass(rescorer, 10.0)
    second_pass.foresee(ahead_of(one, 0.3), always)
    assert (len(rescorer.heard), [sound for sound, *_ in rescorer.asked]) == (2, ["sound 1"])
    assert second_pass.rewrite(one).foreseen


def test_nothing_is_heard_again_that_nobody_wants() -> None:
    rescorer, one = Twice(), paused(1, "form", "yellow")
    rescorer.confidence = 0.99
    second_pass = SecondPass(rescorer, 10.0)
    second_pass.foresee(ahead_of(one, 0.3), lambda: False)
    assert len(rescorer.heard) == 1
    assert not second_pass.rewrite(one).foreseen


def test_where_the_final_has_other_words_the_same_sound_is_asked_once_more() -> None:
    rescorer = unsure("Form miello.")
    second_pass, one = SecondPass(rescorer, 10.0), paused(1, "form", "yellow")
    earlier = ahead_of(paused(1, "form", "mellow"), 0.3)
    second_pass.foresee(replace(earlier, samples=ahead_of(one, 0.3).samples), always)
    after = second_pass.rewrite(one)
    assert [others for *_, others in rescorer.asked] == [["Form mellow."], ["Form yellow."]]
    assert [sound for sound, *_ in rescorer.asked] == ["sound 1"] * 2
    assert (after.foreseen, after.final.hypothesis.text, len(rescorer.heard)) == (True, "Form yellow.", 1)


def test_what_nobody_waits_for_ahead_is_asked_when_the_final_is_there() -> None:
    rescorer = unsure("Form miello.")
    second_pass, one = SecondPass(rescorer, 10.0), paused(1, "form", "yellow")
    second_pass.foresee(ahead_of(one, 0.3), lambda: False)
    assert rescorer.asked == []
    after = second_pass.rewrite(one)
    assert (after.foreseen, after.final.hypothesis.text) == (False, "Form yellow.")


def test_a_mark_that_it_wrote_before_its_words_is_given_again() -> None:
    rescorer = unsure(", and than")
    after = SecondPass(rescorer, 10.0).rewrite(final(1, "and", "then"))
    assert rescorer.asked == [("sound 1", (), ", and than", [", and then"])]
    assert after.final.hypothesis.text == "and then"


def test_who_fails_when_asked_leaves_the_seconds_own_text() -> None:
    class Failing(ScriptedRescorer):
        def margins(self, *_: object, **__: object) -> list[float]:
            raise RecognitionError("out of order")

    second_pass = SecondPass(Failing(lambda _: "Form miello.", 0.6), 10.0)
    one = paused(1, "form", "yellow")
    second_pass.foresee(ahead_of(one, 0.3), always)
    after = second_pass.rewrite(one)
    assert (after.skipped, after.foreseen, after.final.hypothesis.text) == (None, False, "Form miello.")


def test_without_time_for_a_vote_the_text_is_the_seconds_own() -> None:
    rescorer = unsure("Form miello.")
    after = SecondPass(rescorer, 10.0).rewrite(final(1, "form", "yellow"), in_time=lambda: False)
    assert (after.skipped, after.final.hypothesis.text, rescorer.asked) == (None, "Form miello.", [])


@pytest.mark.parametrize("say", ["Thank you for watching.", "form yellow"])
def test_nothing_is_asked_ahead_of_a_final_where_nothing_is_asked_of_it(say: str) -> None:
    rescorer = unsure(say)
    rescorer.confidence = 0.3
    SecondPass(rescorer, 10.0).foresee(ahead_of(paused(1, "form", "yellow"), 0.3), always)
    assert (len(rescorer.heard), rescorer.asked) == (1, [])
