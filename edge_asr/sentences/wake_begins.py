"""Sentences that begin with the phrase that wakes: whoever pauses behind it has said the phrase, and not a sentence."""

from collections import deque
from typing import NamedTuple

from edge_asr.asr.grammar import Grammar
from edge_asr.sentences.word_steps import WordSteps

_MOST_PAIRS = 100_000  # of places in the phrase and in a sentence at once
_MOST_STATES = 100_000
_MOST_TOLD = 5


class Begun(NamedTuple):
    """The phrase in one of its ways, and the shortest sentence that begins so and goes on."""

    phrase: str
    sentence: str


def sentences_begun(grammar: Grammar) -> list[Begun]:
    """One example for each place in sentences that the phrase leads to; few of them."""
    steps = WordSteps(grammar)
    begin = (0, 0)
    before: dict[tuple[int, int], tuple[tuple[int, int], str] | None] = {begin: None}
    waiting = deque([begin])
    found: dict[str, Begun] = {}
    while waiting and len(found) < _MOST_TOLD and len(before) < _MOST_PAIRS:
        pair = waiting.popleft()
        phrase, sentence = pair
        rest = _rest(steps, sentence) if pair != begin and steps.ends(phrase) else None
        if rest is not None:
            said = _said(before, pair)
            found.setdefault(said, Begun(said, f"{said} {rest}"))
        for word, ways in steps.words(phrase).items():
            waking = [target for token, target in ways if steps.tokens[token].wake]
            others = [to for token, to in steps.words(sentence).get(word, ()) if not steps.tokens[token].wake]
            for following in ((one, other) for one in waking for other in others):
                if following not in before:
                    before[following] = (pair, word)
                    waiting.append(following)
    return list(found.values())


def _rest(steps: WordSteps, state: int) -> str | None:
    """The fewest words from here to the end, at least one; None where there are none."""
    reached, waiting = {state}, deque([(state, "")])
    while waiting and len(reached) < _MOST_STATES:
        here, said = waiting.popleft()
        for word, ways in steps.words(here).items():
            for _, target in ways:
                if steps.ends(target):
                    return f"{said} {word}".strip()
                if target not in reached:
                    reached.add(target)
                    waiting.append((target, f"{said} {word}"))
    return None


def _said(before: dict[tuple[int, int], tuple[tuple[int, int], str] | None], pair: tuple[int, int]) -> str:
    words: list[str] = []
    step = before[pair]
    while step is not None:
        pair, word = step
        words.append(word)
        step = before[pair]
    return " ".join(reversed(words))
