"""The rules of the end, one by one."""

import pytest

from edge_asr.asr.endpoint import Endpointer
from edge_asr.asr.result import EndReason, Hypothesis, Word
from edge_asr.endpoint_rules import EndpointRules

RULES = Endpointer(EndpointRules(silence_s=0.6, no_words_s=5.0, max_utterance_s=20.0))


def heard(words: int, decoded_s: float, trailing_silence_s: float) -> Hypothesis:
    return Hypothesis((Word("w", 0.0, 0.1, 1.0),) * words, decoded_s, trailing_silence_s, timed=False)


@pytest.mark.parametrize(
    ("hypothesis", "heard_s", "unvoiced_s", "voiced_s", "closed", "expected"),
    [
        (None, 1.0, 0.0, 1.0, False, None),
        (None, 1.0, 1.0, 0.0, True, EndReason.SILENCE),  # the gate has closed
        (None, 5.0, 0.0, 5.0, False, EndReason.SILENCE),  # nothing said for long enough
        (heard(0, 4.8, 4.8), 4.9, 0.0, 4.9, False, None),
        (heard(3, 3.0, 0.59), 3.0, 0.0, 3.0, False, None),
        (heard(3, 3.0, 0.60), 3.0, 0.0, 3.0, False, EndReason.SILENCE),  # silence on the best path, in steady noise
        (heard(3, 3.0, 0.40), 3.2, 0.2, 0.0, False, EndReason.SILENCE),  # and what the search has not seen, unvoiced
        (heard(3, 3.0, 0.40), 3.2, 0.1, 0.0, False, None),  # ... but not when some of it is voiced
        (heard(3, 3.0, 0.19), 3.5, 0.5, 0.0, False, None),  # nor before the search has seen a pause
        (heard(3, 3.0, 0.60), 3.2, 0.0, 0.1, False, None),  # a voice has just set in: its word is waited for
        (heard(3, 3.0, 0.90), 3.2, 0.0, 0.64, False, None),
        (heard(3, 3.0, 0.90), 3.2, 0.0, 0.66, False, EndReason.SILENCE),  # by now the search would have seen a word
        (heard(9, 15.0, 0.30), 15.0, 0.0, 9.0, False, EndReason.SILENCE),  # late, a shorter pause is enough
        (heard(9, 15.0, 0.29), 15.0, 0.0, 9.0, False, None),
        (heard(9, 20.0, 0.0), 20.0, 0.0, 0.1, False, EndReason.MAX_LENGTH),
    ],
)
def test_rules(
    hypothesis: Hypothesis | None,
    heard_s: float,
    unvoiced_s: float,
    voiced_s: float,
    closed: bool,
    expected: EndReason | None,
) -> None:
    assert RULES.decide(hypothesis, heard_s, unvoiced_s, voiced_s, gate_closed=closed) is expected


@pytest.mark.parametrize(
    ("hypothesis", "heard_s", "unvoiced_s", "expected"),
    [
        (None, 1.0, 1.0, False),
        (heard(0, 1.0, 1.0), 1.2, 1.0, False),  # nothing was said
        (heard(3, 3.0, 0.06), 3.3, 0.3, True),  # 0.36 s, three fifths of what ends it
        (heard(3, 3.0, 0.06), 3.28, 0.3, False),
        (heard(3, 3.0, 0.0), 3.4, 0.4, False),  # the search has seen no pause
        (heard(3, 3.0, 0.3), 3.3, 0.18, False),  # the detector has only just
        (heard(3, 3.0, 0.3), 3.3, 0.2, True),
        (heard(9, 18.0, 0.2), 18.0, 0.2, False),  # late, a shorter pause is enough for the end ...
        (heard(9, 18.0, 0.25), 18.0, 0.2, True),  # ... and a quarter of a second always is for this
    ],
)
def test_a_pause_that_is_likely_to_be_the_end(
    hypothesis: Hypothesis | None, heard_s: float, unvoiced_s: float, expected: bool
) -> None:
    assert RULES.likely(hypothesis, heard_s, unvoiced_s) is expected


def test_who_waits_longer_for_the_end_waits_longer_for_what_is_likely_to_be_it() -> None:
    patient = Endpointer(EndpointRules(silence_s=1.0, no_words_s=5.0, max_utterance_s=30.0))
    assert not patient.likely(heard(3, 3.0, 0.3), 3.28, 0.58)
    assert patient.likely(heard(3, 3.0, 0.3), 3.3, 0.6)


def test_the_pause_that_cuts_long_speech_is_never_shorter_than_a_stop_consonant() -> None:
    assert RULES.decide(heard(9, 19.9, 0.14), 19.9, 0.0, 9.0, gate_closed=False) is None
    assert RULES.decide(heard(9, 19.9, 0.15), 19.9, 0.0, 9.0, gate_closed=False) is EndReason.SILENCE
