"""A grammar of whole sentences, each an intent of its own."""

from collections.abc import Sequence

from edge_asr.asr.grammar import Grammar, Token


def of_sentences(
    sentences: Sequence[str],
    sounds: dict[str, tuple[tuple[str, ...], ...]] | None = None,
    intent: str | tuple[str, ...] | None = None,
) -> Grammar:
    """Each sentence a path of its own; its first word carries the intent: its text, one for all, or one for each."""
    numbers: dict[Token, int] = {}
    arcs, finals, states = [], set(), 1
    intents = intent if isinstance(intent, tuple) else [intent or sentence for sentence in sentences]
    for sentence, meant in zip(sentences, intents, strict=True):
        state = 0
        for at, word in enumerate(sentence.split()):
            token = Token(word, intent=None if at else meant)
            arcs.append((state, numbers.setdefault(token, len(numbers) + 1), states))
            state, states = states, states + 1
        finals.add(state)
    return Grammar((Token(""), *numbers), tuple(arcs), frozenset(finals), sounds or {})
