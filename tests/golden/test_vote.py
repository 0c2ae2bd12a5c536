"""The published model of the second pass and the vote: what was said wins, in whichever text it stands."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.align import normalized
from edge_asr.asr.rescorer import Rescored, Rescorer, SpokenWord
from edge_asr.asr.result import Word
from edge_asr.asr.vote import voted
from edge_asr.loading import load_second_pass
from edge_asr.second_pass import SecondPass
from tests.golden.second_pass_bundle import CONFIG, NEEDS_SECOND_PASS

pytestmark = NEEDS_SECOND_PASS
NEVER_SAID = "pumpkin"


@pytest.fixture(scope="module")
def rescorer() -> Rescorer:
    second_pass = load_second_pass(CONFIG)
    assert isinstance(second_pass, SecondPass)
    return second_pass.rescorer


def decided(rescorer: Rescorer, heard: Rescored, first: Sequence[str], second: Sequence[str]) -> str:
    """Of two texts of the same sound, the second's words all unsure."""
    known = [Word(normalized(word), at, at + 1.0, 0.7) for at, word in enumerate(first)]
    unsure = [SpokenWord(word, 0.1) for word in second]
    words = voted(known, unsure, lambda text, others: rescorer.margins(heard.sound, (), text, others))
    return " ".join(word.word for word in words)


def test_a_text_is_as_likely_as_itself(rescorer: Rescorer, sentences: list[NDArray[np.int16]]) -> None:
    for one in sentences:
        heard = rescorer.decode(one)
        assert rescorer.margins(heard.sound, (), heard.text, [heard.text]) == [0.0]


def test_what_was_said_wins_wherever_one_of_both_has_something_else(
    rescorer: Rescorer, sentences: list[NDArray[np.int16]]
) -> None:
    for one in sentences:
        heard = rescorer.decode(one)
        said = heard.text.split()
        for at, word in enumerate(said):
            wrong = NEVER_SAID.capitalize() if word[0].isupper() else NEVER_SAID
            spoiled = [*said[:at], word.replace(word.strip(",.?!"), wrong), *said[at + 1 :]]
            assert decided(rescorer, heard, spoiled, said) == heard.text
            restored = decided(rescorer, heard, said, spoiled).split()
            assert [normalized(word) for word in restored] == [normalized(word) for word in said]


def test_words_that_one_of_both_missed_or_invented_are_found_out(
    rescorer: Rescorer, sentences: list[NDArray[np.int16]]
) -> None:
    for one in sentences:
        heard = rescorer.decode(one)
        said = heard.text.split()
        for at in range(1, len(said) - 1):
            short, long = [*said[:at], *said[at + 1 :]], [*said[:at], NEVER_SAID, *said[at:]]
            assert decided(rescorer, heard, said, short).split()[at] == said[at].strip(",.").replace("-", "")
            assert decided(rescorer, heard, said, long) == heard.text
            assert decided(rescorer, heard, long, said) == heard.text
