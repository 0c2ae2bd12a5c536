"""Where two passes differ: what is put to the vote, how it is written, and what is taken."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.asr.align import normalized
from edge_asr.asr.rescorer import SpokenWord
from edge_asr.asr.result import Word
from edge_asr.asr.vote import voted
from edge_asr.bench.wer import compare


def first(text: str, *, glued: bool = False) -> list[Word]:
    return [Word(word, at, at + 0.5, 0.7, glued) for at, word in enumerate(text.split())]


def spoken(text: str) -> list[SpokenWord]:
    """Words, those with an underscore before them unsure."""
    return [SpokenWord(word.removeprefix("_"), 0.4 if word[0] == "_" else 0.96) for word in text.split()]


def text(words: Sequence[SpokenWord]) -> str:
    return " ".join(word.word for word in words)


class Asked:
    """Keeps what it is asked; how much likelier the text is than another is told by a function of that."""

    def __init__(self, margin: Callable[[str], float] = lambda _: 0.0) -> None:
        self.margin = margin
        self.texts: list[tuple[str, list[str]]] = []

    def __call__(self, own: str, others: Sequence[str]) -> list[float]:
        self.texts.append((own, list(others)))
        return [self.margin(other) for other in others]


def others(heard: str, said: str) -> list[str]:
    asked = Asked()
    voted(first(heard), spoken(said), asked)
    return asked.texts[0][1] if asked.texts else []


def test_a_word_that_the_second_pass_finds_as_likely_as_its_own_is_taken_with_the_firsts_confidence() -> None:
    found = voted(first("form a yellow"), spoken("Form a _miello."), Asked())
    assert text(found) == "Form a yellow."
    assert [word.confidence for word in found] == [0.96, 0.96, 0.7]


@pytest.mark.parametrize(("margin", "taken"), [(-3.0, True), (0.99, True), (1.01, False), (float("inf"), False)])
def test_how_much_likelier_its_own_word_must_be_to_stand(margin: float, taken: bool) -> None:
    found = voted(first("form yellow"), spoken("Form _miello."), Asked(lambda _: margin))
    assert text(found) == ("Form yellow." if taken else "Form miello.")


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("turn on the light", "Turn on the light."),
        ("turn off the light", "Turn on the light."),  # sure of "on"
        ("it's", "_It's!"),  # the same, however it is written
        ("super imposition", "_Superimposition."),
        ("medium roast", "_Medium-roast"),
        ("t v on", "_TV on"),
        ("about fourteen fifty five", "About _1455,"),
        ("ten percent", "_10%"),
        ("the fifteenth of may", "The _15th of May"),
        ("said mister hale", "Said _Mr. Hale."),
        ("", "_Light."),
    ],
)
def test_what_is_not_in_doubt_is_not_put_to_the_vote(heard: str, said: str) -> None:
    asked = Asked()
    words = spoken(said)
    assert voted(first(heard), words, asked) == tuple(words)
    assert asked.texts == []


def test_a_text_without_spaces_is_left_alone() -> None:
    asked = Asked()
    assert text(voted(first("one", glued=True), spoken("_Two."), asked)) == "Two."
    assert asked.texts == []


@pytest.mark.parametrize(
    ("heard", "said", "written"),
    [
        ("the light on", "The _lamp, on.", ["The light, on."]),  # its mark stays
        ("lights on", "_Light on.", ["Lights on."]),  # a sentence begins with a capital letter
        ("well lights on", "Well. _Light on.", ["Well. Lights on."]),
        ("said the eunuch then", "said the _Juno then", ["said the eunuch then", "said the Eunuch then"]),
        ("what i said", "What _had said", ["What I said"]),
        ("what i'm told", "What _had told", ["What I'm told"]),
        ("what in told", "What _had told", ["What in told"]),
        ("on the table", "on _a table", ["on the table"]),
        ("by more", "by _human rights, more", ["by more"]),  # less
        ("by more", "_Oh by more", ["By more"]),
        ("turn it off", "turn it off _now.", ["turn it off."]),
        ("turn it off", "turn it off _now,", ["turn it off"]),
        ("turn it", "turn _now, it", ["turn it"]),
        ("turn it right off", "turn it off.", ["turn it right off.", "turn it Right off."]),  # more
        ("turn it off now", "turn it off.", ["turn it off now."]),
        ("so turn it off", "Turn it off.", ["So Turn it off.", "So turn it off."]),
        ("HALLO THERE", "_Hollow there", ["Hallo there"]),
        ("so McDonald came", "so _Donald came", ["so McDonald came"]),  # a first pass that writes capitals
        ("mcDonald came", "_Donald came", ["McDonald came"]),
        ("then we go home", "_than we go home.", ["then we go home."]),  # it goes on with the sentence before
        ("so we go home", "we go home.", ["so we go home.", "So we go home."]),
        ("go home", "_and go home.", ["go home."]),
        ("why so turn it", "Why? Turn it", ["Why? So Turn it", "Why? So turn it"]),
        ("no so turn it", "No! Turn it", ["No! So Turn it", "No! So turn it"]),
        ("turn it off", "turn it off _now.\"", ["turn it off.\""]),
        ("he said goodbye", "he said _\"Hello\"", ["he said \"goodbye\"", "he said \"Goodbye\""]),
        ("it is ten now", "it is _(tan) now", ["it is (ten) now"]),
        ("we were goin' now", "we were _going, now", ["we were goin', now"]),
        ("so it is well now", "so it _... now", ["so it is well... now"]),
        ("half of it now", "_10% of it now", []),
        ("about 10% of it", "about _tan, of it", ["about 10%, of it"]),
        ("at 12 now", "at _13 now", ["at 12 now"]),
        ("four now", "_4 _5 now", ["Four now"]),
        ("ten of it", "_100% _out of it", ["Ten of it"]),
        ("in two or three rooms", "in _200 _Homes", ["in two or three rooms", "in two Or three rooms"]),
        ("in two or three rooms", "in _200 _rooms", []),
        ("turn big red light on", "turn light on", ["turn big red light on", "turn Big red light on"]),
    ],
)  # fmt: skip
def test_how_the_firsts_words_are_written(heard: str, said: str, written: list[str]) -> None:
    assert others(heard, said) == written


def test_each_place_is_asked_for_alone_and_all_that_win_are_taken() -> None:
    asked = Asked(lambda other: 5.0 if "can" in other else 0.5)
    found = voted(first("the fireman can part"), spoken("the _firemen _could _parted."), asked)
    assert asked.texts == [("the firemen could parted.", ["the fireman can part."])]  # one place: nothing lies between
    found = voted(first("the fireman so can part"), spoken("the _firemen so _could part."), asked)
    assert asked.texts[1][1] == ["the fireman so could part.", "the firemen so can part."]
    assert text(found) == "the fireman so could part."


def test_of_two_ways_to_write_a_place_the_likelier_is_taken() -> None:
    found = voted(first("said the eunuch"), spoken("said the _Juno"), Asked(lambda other: -("Eun" in other)))
    assert text(found) == "said the Eunuch"


def test_of_many_places_the_least_sure_are_asked_for() -> None:
    shuffled = [3, 8, 0, 5, 1, 7, 2, 6, 4]
    pairs = [(SpokenWord(f"b-{'x' * at}", 0.1 + at / 20), SpokenWord("and", 0.96)) for at in shuffled]
    asked = Asked()
    found = voted(
        first(" ".join(f"a{'x' * at} and" for at in shuffled)), [word for pair in pairs for word in pair], asked
    )
    assert len(asked.texts[0][1]) == 6
    taken = {at for at, word in zip(shuffled, found[::2], strict=True) if word.word.startswith("a")}
    assert taken == set(range(6))


def test_words_that_the_second_lacks_are_asked_for_first() -> None:
    said = " ".join(f"_b{'x' * at} and" for at in range(7))
    asked = Asked()
    voted(first(" ".join(f"a{'x' * at} and" for at in range(7)) + " more"), spoken(said), asked)
    assert sum(other.endswith("more") for other in asked.texts[0][1]) == 1


def test_words_of_other_numbers_are_taken_where_they_stand() -> None:
    said = "_Light on _please _now so _Ken _see _it all _day."
    found = voted(first("well lights on so i can now see all of the day"), spoken(said), Asked())
    assert text(found) == "Well lights on so I can now see all of the day."


def test_places_that_both_change_the_word_between_them_are_not_both_taken() -> None:
    found = voted(first("turn"), spoken("_Oh turn _now."), Asked(lambda other: 0.5 if "Oh" in other else 0.2))
    assert text(found) == "Turn now."


@pytest.mark.parametrize(("confidence", "asked"), [(0.94, 1), (0.951, 0)])
def test_how_sure_the_second_must_be_not_to_be_asked(confidence: float, asked: int) -> None:
    answers = Asked()
    voted(first("light"), [SpokenWord("Lamp", confidence)], answers)
    assert len(answers.texts) == asked


def test_one_word_without_a_space_before_it_is_enough_to_be_left_alone() -> None:
    asked = Asked()
    voted([Word("one", 0, 1, 0.7), Word("two", 1, 2, 0.7, glued=True)], spoken("_Three _four"), asked)
    assert asked.texts == []


WORDS = st.lists(st.sampled_from(["one", "two", "Two.", "i", "three,", "Four"]), max_size=9)


@given(heard=WORDS, said=WORDS, seed=st.randoms(use_true_random=False))
def test_no_word_comes_from_nowhere_and_what_both_heard_stays(heard: list[str], said: list[str], seed: object) -> None:
    asked = Asked(lambda _: seed.choice([-1.0, 2.0]))  # type: ignore[attr-defined]
    known = [Word(normalized(word), at, at + 1, 0.7) for at, word in enumerate(heard)]
    words = [SpokenWord(word, 0.3) for word in said]
    found = [normalized(word.word) for word in voted(known, words, asked)]
    assert {*found} <= {normalized(word) for word in (*heard, *said)}
    if not asked.texts:
        assert found == [normalized(word) for word in said]
    assert len(asked.texts) <= 1
    reference = [word.word for word in known]
    everything = [normalized(word.word) for word in voted(known, words, lambda _, others: [-1.0] * len(others))]
    before, after = (compare(reference, these).total for these in ([normalized(word) for word in said], everything))
    assert after <= before
    assert after < before or before == 0 or not heard or not said
