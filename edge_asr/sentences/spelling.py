"""From written text to the words of a lexicon: digits, signs, hyphens, capital letters, apostrophes."""

import re
import unicodedata
from collections.abc import Container, Iterator
from typing import Protocol

from edge_asr.asr.script import spaceless
from edge_asr.sentences.numbers import ways

SPACE = None  # between two words
Part = str | tuple[str, ...] | None  # letters, ways to say a number, or a space

_PARTS = re.compile(r"(?<![A-Za-z0-9_.,-])-?\d{1,15}(?:[.,]\d{1,3})?(?!\d)\s*%?|\d+|\s+|[^\s\d]+")
_APOSTROPHES = str.maketrans("’‘ʼ`´", "'''''")
_SIGNS = {
    "en": {"%": "percent", "°": "degrees", "&": "and", "+": "plus", "€": "euros", "$": "dollars", "£": "pounds"},
    "zh": {"°": "度", "+": "加", "℃": "摄氏度"},
}
_SHARES = {"en": "{} percent", "zh": "百分之{}"}


class Vocabulary(Protocol):
    """The words that a model knows."""

    def __contains__(self, word: str) -> bool: ...

    def words_near(self, word: str, most: int) -> list[str]:
        """Words that begin alike."""
        ...

    def fault_of_phones(self, phones: str) -> str:
        """What is wrong with names of phones, nothing when they can be said."""
        ...


class Spelling:
    """How one language writes. `told` are words that somebody has told the sound of."""

    def __init__(self, language: str, known: Vocabulary, told: Container[str]) -> None:
        self.language, self.known, self._told = language, known, told
        self._signs = _SIGNS.get(language, {})
        self._split: dict[str, list[Part]] = {}
        self._words: dict[str, tuple[str, ...]] = {}
        self._known: dict[str, bool] = {}
        self._beginnings: dict[str, bool] = {}

    def knows(self, word: str) -> bool:
        """Whether it is known how the word sounds."""
        known = self._known.get(word)
        if known is None:
            known = self._known[word] = word in self._told or word in self.known
        return known

    def begins_word(self, letters: str) -> bool:
        """Whether a word that is known begins so, and goes on."""
        begins = self._beginnings.get(letters)
        if begins is None:
            near = self.known.words_near(letters, 2)
            begins = self._beginnings[letters] = any(word.startswith(letters) and word != letters for word in near)
        return begins

    def parts(self, text: str) -> list[Part]:
        """A text in its parts; digits are replaced by how they are said."""
        parts = self._split.get(text)
        if parts is None:
            parts = self._split[text] = list(self._parts(text))
        return parts

    def _parts(self, text: str) -> Iterator[Part]:
        for found in _PARTS.finditer(normal(text)):
            part = found.group()
            if part.isspace():
                yield SPACE
            elif not any(letter.isdigit() and letter.isascii() for letter in part):
                yield part
            else:  # what stands beside a number is a word of its own: 3d, 4k
                yield SPACE
                yield self.share(part[:-1]) if part.endswith("%") else self._number(part)
                yield SPACE

    def _number(self, digits: str) -> tuple[str, ...]:
        written = digits.strip().replace(",", ".")
        if written.isdigit() and (len(written) > 15 or (len(written) > 1 and written[0] == "0")):
            said = " ".join(ways(int(digit), self.language)[0] for digit in written)
            return (said.replace(" ", "") if self.language == "zh" else said,)
        return ways(float(written) if "." in written else int(written), self.language)

    def share(self, digits: str) -> tuple[str, ...]:
        """Ways to say so much of a hundred."""
        form = _SHARES.get(self.language, "{}")
        return tuple(form.format(way) for way in self._number(digits))

    def words(self, letters: str) -> tuple[str, ...]:
        """Words of what stands without a space; those that nobody knows are among them."""
        words = self._words.get(letters)
        if words is None:
            words = self._words[letters] = self._spelled(letters)
        return words

    def _spelled(self, letters: str) -> tuple[str, ...]:
        if self.knows(letters):
            return (letters,)
        for sign, word in self._signs.items():
            letters = letters.replace(sign, f" {word} ")
        words: list[str] = []
        for piece in letters.split():
            words += self._piece(piece)
        return tuple(words)

    def _piece(self, letters: str) -> list[str]:
        """Words of one piece without signs."""
        bare = letters.strip("'\"") if not self.knows(letters) else letters
        bare = bare if self.knows(bare) else "".join(one for one in bare if _spoken(one) or one in "-_/'")
        if not bare or self.knows(bare):
            return [bare] if bare else []
        parts = [part for part in re.split(r"[-_/]+", bare) if part]
        joined = "".join(parts)
        if len(parts) > 1 and not self.knows(joined):
            return [word for part in parts for word in self._piece(part)]
        without = joined.replace("'", "")
        return [without if without and not self.knows(joined) and self.knows(without) else joined] if without else []


def normal(text: str) -> str:
    """In the letters of a lexicon: small, composed, with plain apostrophes."""
    return unicodedata.normalize("NFC", text).translate(_APOSTROPHES).lower()


def is_han(letters: str) -> bool:
    """Whether it is written without spaces between words."""
    return spaceless(letters[:1]) and letters[:1].isalnum()


def _spoken(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN"
