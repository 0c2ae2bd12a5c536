"""A phrase in front of the sentences: it may be said alone, before one of them, or not at all.

Whether a sentence without it counts is not decided here. That it can be heard so keeps it from being taken for one with
the phrase.
"""

from collections.abc import Iterator
from dataclasses import replace

from edge_asr.asr.grammar import Grammar, Token

_START = 0


def with_wake(sentences: Grammar, phrase: Grammar) -> Grammar:
    """Both in one grammar; the tokens of the phrase say that they are its."""
    tokens, first_token = list(sentences.tokens), len(sentences.tokens)
    tokens += [Token(token.word, wake=True) for token in phrase.tokens[1:]]
    first_phrase = 1 + _states(sentences)
    arcs = [(_START, 0, 1), (_START, 0, first_phrase)]
    arcs += _moved(sentences, 1, 0)
    arcs += _moved(phrase, first_phrase, first_token - 1)
    arcs += [(first_phrase + end, 0, 1) for end in sorted(phrase.finals)]
    finals = {1 + end for end in sentences.finals} | {first_phrase + end for end in phrase.finals}
    return replace(
        sentences,
        tokens=tuple(tokens),
        arcs=tuple(arcs),
        finals=frozenset(finals),
        sounds={**phrase.sounds, **sentences.sounds},
    )


def _states(grammar: Grammar) -> int:
    return max((max(source, target) for source, _, target in grammar.arcs), default=0) + 1


def _moved(grammar: Grammar, states: int, tokens: int) -> Iterator[tuple[int, int, int]]:
    for source, token, target in grammar.arcs:
        yield source + states, token + tokens if token else 0, target + states
