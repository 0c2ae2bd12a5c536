"""Where an utterance ends and the next begins, so that no word is lost between them."""

from dataclasses import replace
from itertools import pairwise

from edge_asr.asr.result import Hypothesis

_PAUSE_S = 0.1  # less is a closed mouth within a word
_AFTERSOUND_S = 0.1  # of the last word; heard again it would be a word of its own
_NEAR_END_S = 2.0  # how far before the end speech that is too long may be divided


def wordless_s(hypothesis: Hypothesis, heard_s: float) -> float:
    """How much of the end of `heard_s` surely belongs to no word of the final hypothesis; 0 or more."""
    sound_s = hypothesis.decoded_s - hypothesis.trailing_silence_s
    if hypothesis.words and not hypothesis.estimated:
        sound_s = max(sound_s, hypothesis.words[-1].end_s)
    return max(0.0, heard_s - sound_s - _AFTERSOUND_S)


def division_s(hypothesis: Hypothesis, heard_s: float) -> float | None:
    """Time before the last words at which speech that ends in the midst of a word is best divided; None: at its end.

    The last word is half there, and may have spoilt the one before it. So it is divided before one of the words that
    end nearby, where the pause is the longest, and of equal ones at the last. It needs true times.
    """
    words = hypothesis.words
    if hypothesis.estimated or hypothesis.trailing_silence_s >= _PAUSE_S:
        return None
    pauses = [
        (after.start_s - before.end_s, after.start_s)
        for before, after in pairwise(words)
        if after.start_s >= heard_s - _NEAR_END_S
    ]
    return max(pauses)[1] if pauses else None


def until(hypothesis: Hypothesis, end_s: float) -> Hypothesis:
    """What the final hypothesis has before that time; it ends there without a pause."""
    words = tuple(word for word in hypothesis.words if word.start_s < end_s)
    return replace(hypothesis, words=words, decoded_s=end_s, trailing_silence_s=0.0)
