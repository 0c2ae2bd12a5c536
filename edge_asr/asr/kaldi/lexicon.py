"""How words are pronounced, and which transitions a phone has behind another: `lexicon.npz`."""

import bisect
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.kaldi.arrays import Shape, load_arrays
from edge_asr.asr.kaldi.labels import Position
from edge_asr.asr.kaldi.phone_names import names_of, spelled
from edge_asr.errors import ModelError

Phones = tuple[int, ...]
_SHAPES: dict[str, Shape] = {
    "letters": ("letters",),
    "word_of_pronunciation": ("pronunciations",),
    "end_of_pronunciation": ("pronunciations",),
    "phones": ("phones",),
    "contexts": ("contexts", 4),
    "position_of_phone": ("kinds",),
    "follows": ("kinds", "kinds"),
}
_LINE_FEED = 10


class Lexicon:
    """Immutable. `silence` is the phone between words; phones count from 1, 0 stands for the edge of an utterance."""

    def __init__(self, arrays: dict[str, NDArray[np.generic]], silence: int) -> None:
        self.silence = silence
        self.follows = arrays["follows"]
        self.position_of_phone: list[int] = arrays["position_of_phone"].tolist()
        self._letters = arrays["letters"].astype(np.uint8).tobytes()
        # One by one numbers come out of a memoryview several times sooner than out of an array.
        self._ends = _numbers(np.flatnonzero(arrays["letters"] == _LINE_FEED), np.int64)
        self._words = _numbers(arrays["word_of_pronunciation"], np.int32)
        self._pronunciation_ends = _numbers(arrays["end_of_pronunciation"], np.int32)
        self._phones = _numbers(arrays["phones"], np.uint16)
        self.contexts = {(row[0], row[1]): (row[2], row[3]) for row in arrays["contexts"].tolist()}
        self._like: dict[Phones, tuple[int, int]] = {}
        for (before, phone), labels in self.contexts.items():
            self._like.setdefault((self._sound(before), phone), labels)
            self._like.setdefault((phone,), labels)

    @classmethod
    def load(cls, path: Path, labels: int, silence: int) -> Self:
        """Lexicon of a bundle whose transitions are 1..`labels`; raises ModelError."""
        arrays = load_arrays(path, _SHAPES)
        transitions = arrays["contexts"][:, 2:]
        kinds = len(arrays["position_of_phone"])
        pronounced = arrays["end_of_pronunciation"]
        words = int(np.count_nonzero(arrays["letters"] == _LINE_FEED))
        for name, array, low, high in (
            ("contexts", transitions, 1, labels),
            ("contexts", arrays["contexts"][:, :2], 0, kinds - 1),
            ("position_of_phone", arrays["position_of_phone"], 0, len(Position) - 1),
            ("phones", arrays["phones"], 1, kinds - 1),
            ("word_of_pronunciation", arrays["word_of_pronunciation"], 0, words - 1),
            ("end_of_pronunciation", pronounced, 1, len(arrays["phones"])),
        ):
            if int(array.min()) < low or int(array.max()) > high:
                raise ModelError(f"{path}: {name} goes from {array.min()} to {array.max()}, expected {low} to {high}")
        return cls(arrays, silence)

    def __contains__(self, word: str) -> bool:
        return self._number(word) is not None

    def __len__(self) -> int:
        return len(self._ends)

    def word(self, number: int) -> str:
        """In the order of their bytes, from 0."""
        return self._word(number).decode()

    def pronunciations(self, word: str) -> list[Phones]:
        """Those of a word, each its phones; none when the lexicon lacks it."""
        number = self._number(word)
        if number is None:
            return []
        ways: list[Phones] = []
        at = bisect.bisect_left(self._words, number)
        while at < len(self._words) and self._words[at] == number:
            begin = self._pronunciation_ends[at - 1] if at else 0
            ways.append(tuple(self._phones[begin : self._pronunciation_ends[at]]))
            at += 1
        return ways

    def spelled(self, phones: str) -> Phones:
        """A word of these phones, by their names, as in `R UW M B AH`. Raises ModelError."""
        return self.joined([(sound,) for sound in spelled(phones, self._names)])

    def fault_of_phones(self, phones: str) -> str:
        """What is wrong with them, nothing when they can be said."""
        try:
            self.spelled(phones)
        except ModelError as error:
            return str(error)
        return ""

    @cached_property
    def _names(self) -> dict[str, int]:
        sounds = sorted({self._sound(phone) for phone in np.unique(np.asarray(self._phones)).tolist()})
        return names_of(
            sounds, lambda word: [[self._sound(phone) for phone in way] for way in self.pronunciations(word)]
        )

    def joined(self, parts: list[Phones]) -> Phones:
        """One word that sounds like these, one after the other: its phones take their places in the whole."""
        sounds = [phone for part in parts for phone in part]
        if len(sounds) == 1:
            return (self._placed(sounds[0], Position.SINGLETON),)
        inside = [self._placed(phone, Position.INTERNAL) for phone in sounds[1:-1]]
        return (self._placed(sounds[0], Position.BEGIN), *inside, self._placed(sounds[-1], Position.END))

    def transition(self, before: int, phone: int) -> tuple[int, int]:
        """Labels of the way into `phone` behind the phone `before`, and of its self-loop.

        Where no word of the lexicon has the two in a row, those behind the same sound in another place are taken, or
        else those of the phone behind any. ModelError for a phone that no word has.
        """
        found = self.contexts.get((before, phone))
        if found is None:
            found = self._like.get((self._sound(before), phone)) or self._like.get((phone,))
        if found is None:
            raise ModelError(f"no word of the lexicon has the phone {phone} in such a place")
        return found

    @cached_property
    def transitions(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        """The same for all pairs: number of the way, int32 (kinds, kinds), -1 for none; each way's two labels."""
        contexts = np.array([(*pair, *labels) for pair, labels in self.contexts.items()], np.int32)
        kinds = len(self.position_of_phone)
        labels, ways = np.unique(contexts[:, 2:], axis=0, return_inverse=True)
        before, phone, ways = contexts[:, 0], contexts[:, 1], ways.reshape(-1).astype(np.int32)
        sound = np.array([self._sound(one) for one in range(kinds)])
        any_before, like = np.full(kinds, -1, np.int32), np.full((kinds, kinds), -1, np.int32)
        any_before[phone[::-1]] = ways[::-1]  # of many the last assigned stays: the first of all contexts
        like[sound[before[::-1]], phone[::-1]] = ways[::-1]
        of_pair = like[sound]
        of_pair = np.where(of_pair < 0, any_before, of_pair)
        of_pair[before, phone] = ways
        return of_pair, labels[:, 0].copy(), labels[:, 1].copy()

    def words_near(self, word: str, most: int) -> list[str]:
        """Words that begin with the same letters, the more the better: suggestions for one that is lacking."""
        for length in range(len(word), 0, -1):
            found = list(self._words_from(word[:length], most))
            if found:
                return found
        return []

    def _words_from(self, start: str, most: int) -> Iterator[str]:
        at = self._place(start.encode())
        while most and at < len(self._ends) and self._word(at).startswith(start.encode()):
            yield self._word(at).decode()
            at, most = at + 1, most - 1

    def _word(self, number: int) -> bytes:
        begin = self._ends[number - 1] + 1 if number else 0
        return self._letters[begin : self._ends[number]]

    def _place(self, word: bytes) -> int:
        return bisect.bisect_left(range(len(self._ends)), word, key=self._word)

    def _number(self, word: str) -> int | None:
        at = self._place(word.encode())
        return at if at < len(self._ends) and self._word(at) == word.encode() else None

    def _sound(self, phone: int) -> int:
        """The same for one sound in all its places, which are numbered in a row."""
        place = Position(self.position_of_phone[phone])
        return phone - _ORDER[place] if place != Position.NONWORD else phone

    def _placed(self, phone: int, place: Position) -> int:
        if self.position_of_phone[phone] == Position.NONWORD:
            return phone
        return self._sound(phone) + _ORDER[place]


def _numbers(array: NDArray[Any], kind: type[np.integer]) -> memoryview:
    return memoryview(array.astype(kind, copy=False).data)


_ORDER = {Position.BEGIN: 0, Position.END: 1, Position.INTERNAL: 2, Position.SINGLETON: 3}  # as Kaldi numbers them
