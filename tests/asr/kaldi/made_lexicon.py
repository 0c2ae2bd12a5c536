"""A language of a few sounds, made by hand: each phone has one state, entered by one label and held by the next."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.kaldi.labels import Labels, Position
from edge_asr.asr.kaldi.lexicon import Lexicon

SILENCE = 1
SOUNDS = "abdegiknorstu"  # each has four phones: as a word's begin, end, inside, and alone
KINDS = 2 + 4 * len(SOUNDS)
LABELS = 2 * (KINDS - 1)
WORDS: dict[str, list[str]] = {
    "a": ["a"],
    "arena": ["arina"],
    "bed": ["bed"],
    "bad": ["bad"],
    "door": ["dor"],
    "gate": ["get", "gat"],
    "on": ["on"],
    "red": ["red"],
    "run": ["run"],
    "tea": ["ti"],
    "tree": ["tri"],
}


def phone(sound: str, place: Position) -> int:
    """Number of a phone, as Kaldi counts them: silence, then begin, end, internal, singleton of each sound."""
    order = {Position.BEGIN: 0, Position.END: 1, Position.INTERNAL: 2, Position.SINGLETON: 3}
    return 2 + 4 * SOUNDS.index(sound) + order[place]


def phones(sounds: str) -> tuple[int, ...]:
    """A word of these sounds."""
    if len(sounds) == 1:
        return (phone(sounds, Position.SINGLETON),)
    inside = [phone(sound, Position.INTERNAL) for sound in sounds[1:-1]]
    return (phone(sounds[0], Position.BEGIN), *inside, phone(sounds[-1], Position.END))


def enter(number: int) -> int:
    """Label of the way into a phone; its self-loop is the next."""
    return 2 * number - 1


def arrays() -> dict[str, NDArray[Any]]:
    """As they lie in a bundle."""
    words = sorted(WORDS)
    said = [(number, phones(way)) for number, word in enumerate(words) for way in sorted(WORDS[word])]
    places = [Position.NONWORD, Position.NONWORD]
    places += [Position.BEGIN, Position.END, Position.INTERNAL, Position.SINGLETON] * len(SOUNDS)
    follows = np.zeros((KINDS, KINDS), np.int32)
    pairs = {(before, SILENCE) for before in range(KINDS) if before != SILENCE}
    for _, way in said:
        for before, after in zip((0, *way), (*way, 0), strict=True):
            follows[before, after] += 1
        pairs |= set(itertools.pairwise(way))
        pairs |= {(before, way[0]) for before in range(KINDS)}
    return {
        "letters": np.frombuffer("".join(f"{word}\n" for word in words).encode(), np.uint8),
        "word_of_pronunciation": np.array([number for number, _ in said], np.int32),
        "end_of_pronunciation": np.cumsum([len(way) for _, way in said]).astype(np.int32),
        "phones": np.array([one for _, way in said for one in way], np.uint16),
        "contexts": np.array([(b, p, enter(p), enter(p) + 1) for b, p in sorted(pairs)], np.int32),
        "position_of_phone": np.array(places, np.uint8),
        "follows": follows,
    }


def lexicon(folder: Path) -> Lexicon:
    """Written, and read as a bundle's."""
    np.savez(folder / "lexicon.npz", **arrays())  # type: ignore[arg-type]
    return Lexicon.load(folder / "lexicon.npz", LABELS, SILENCE)


def labels() -> Labels:
    """The network has an output for each phone, which way in and self-loop share."""
    by_label = np.array([0, *(1 + label // 2 for label in range(LABELS))])
    place = arrays()["position_of_phone"][by_label]
    loops = np.array([False, *(label % 2 == 1 for label in range(LABELS))])
    enters = np.isin(place, (Position.BEGIN, Position.SINGLETON)) & ~loops
    return Labels(
        pdf_of_label=(by_label - 1).astype(np.int32),
        silence_of_label=by_label <= SILENCE,
        enters_of_label=enters,
        breaks_of_label=enters | (place == Position.NONWORD),
        silence=SILENCE,
    )


def said(sounds: Sequence[int], frames: int = 4, clear: float = 6.0) -> NDArray[np.float32]:
    """Scores (n, labels) of a sound that is these phones one after the other, each for so many frames."""
    scores = np.zeros((frames * len(sounds), KINDS - 1), np.float32)
    for number, one in enumerate(sounds):
        scores[number * frames : (number + 1) * frames, one - 1] = clear
    return labels().by_label(scores)


def utterance(text: str, *, silence: bool = True) -> list[int]:
    """Phones of a sentence, the first way of each word, with silence around it."""
    spoken = [one for word in text.split() for one in phones(WORDS.get(word, [word])[0])]
    return [SILENCE, *spoken, SILENCE] if silence else spoken
