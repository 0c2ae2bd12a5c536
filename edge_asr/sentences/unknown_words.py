"""Words that nobody has told the sound of: all of them in one error, each with its place and what was maybe meant."""

import difflib

from edge_asr.errors import SentencesError
from edge_asr.sentences.place import Place
from edge_asr.sentences.spelling import Vocabulary

_MOST_TOLD = 50  # more are counted
_MOST_NEAR = 3000
_SHORTEST_PART = 3
_MOST_HINTS = 2


class UnknownWords:
    """Collected while sentences are put together."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}

    def add(self, word: str, place: Place) -> None:
        """It stands there; of several places the first is kept."""
        self._places.setdefault(word, place)

    @property
    def some(self) -> bool:
        """Whether there is one."""
        return bool(self._places)

    def check(self, known: Vocabulary) -> None:
        """Raise SentencesError when there is one."""
        if not self._places:
            return
        words = sorted(self._places, key=lambda word: (self._places[word], word))
        told = [_told(word, self._places[word], known) for word in words[:_MOST_TOLD]]
        more = f"; and {len(words) - _MOST_TOLD} more" if len(words) > _MOST_TOLD else ""
        count = "this word sounds" if len(words) == 1 else f"these {len(words)} words sound"
        raise SentencesError(
            f"nobody knows how {count}: {'; '.join(told)}{more}; correct the spelling, or write in a YAML file "
            f'which known words sound so, as in `pronunciations: {{{words[0]}: ["{_example(words[0], known)}"]}}`'
        )


def _told(word: str, place: Place, known: Vocabulary) -> str:
    near = [*suggestions(word, known)[:_MOST_HINTS], *in_two(word, known)[:_MOST_HINTS]]
    return f"{word!r} at {place}" + (f" (near: {', '.join(near)})" if near else "")


def _example(word: str, known: Vocabulary) -> str:
    return next(iter([*in_two(word, known), *suggestions(word, known)]), "kay lee")


def suggestions(word: str, known: Vocabulary) -> list[str]:
    """At most three words that look like it, the nearest first."""
    close = difflib.get_close_matches(word, known.words_near(word[:2], _MOST_NEAR), 3, 0.7)
    return close or known.words_near(word, 2)


def in_two(word: str, known: Vocabulary) -> list[str]:
    """All pairs of words that are known and that it is made of, those with a long first word before others."""
    cuts = range(len(word) - _SHORTEST_PART, _SHORTEST_PART - 1, -1)
    return [f"{word[:cut]} {word[cut:]}" for cut in cuts if word[:cut] in known and word[cut:] in known]
