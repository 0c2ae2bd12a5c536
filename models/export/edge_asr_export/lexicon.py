"""How each word is pronounced, read out of the half graph that has it by heart.

A Kaldi lookahead model is published without its lexicon and its phonetic tree, but `HCLr.fst` was composed of both: a
path through one word names its phones one by one, and each arc the transition of a phone behind the phone before. So
what is needed to compose a graph of one's own sentences, on the device and without OpenFst's tools, is read back here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kaldifst
import numpy as np
from numpy.typing import NDArray

from edge_asr.errors import ModelError
from edge_asr_export.kaldi_text import POSITIONS
from edge_asr_export.transition_model import TransitionModel

_BEGINS = (POSITIONS["begin"], POSITIONS["singleton"])
_TICK_STATES = 20_000
_MARKS = ("<", "#", "[", "!")  # how words that nobody says begin


@dataclass(frozen=True, slots=True)
class _Arc:
    label: int  # transition id; above all of them: a disambiguation symbol
    word: int
    target: int


class _Half:
    """The half graph, without its self-loops."""

    def __init__(self, path: Path, transitions: TransitionModel, position_of_phone: Mapping[int, int]) -> None:
        fst = kaldifst.StdVectorFst.read(str(path))
        if fst is None:
            raise ModelError(f"{path.name} is not a graph that can be read")
        self._fst: Any = fst
        self.start = int(fst.start)
        self.labels = transitions.labels
        self.phone_of_label = transitions.phone_of_label.tolist()
        self.position_of_label = [position_of_phone.get(phone, 0) for phone in self.phone_of_label]

    def is_sound(self, label: int) -> bool:
        return 0 < label <= self.labels

    def arcs(self, state: int) -> Iterator[_Arc]:
        for arc in kaldifst.ArcIterator(self._fst, state):
            if arc.nextstate != state:
                yield _Arc(int(arc.ilabel), int(arc.olabel), int(arc.nextstate))

    def loop(self, state: int) -> int:
        """Label of the state's self-loop, 0 where it has none."""
        found = [
            int(arc.ilabel)
            for arc in kaldifst.ArcIterator(self._fst, state)
            if arc.nextstate == state and self.is_sound(arc.ilabel)
        ]
        return found[0] if found else 0

    def is_between_words(self, state: int, arcs: list[_Arc]) -> bool:
        return bool(np.isfinite(self._fst.final(state).value)) or any(
            self.is_sound(arc.label) and self.position_of_label[arc.label] in _BEGINS for arc in arcs
        )


def lexicon_arrays(
    half: Path,
    transitions: TransitionModel,
    position_of_phone: Mapping[int, int],
    words: Mapping[str, int],
    tick: Callable[[], None] = lambda: None,
) -> dict[str, NDArray[Any]]:
    """Arrays of `lexicon.npz`, from HCLr as a vector FST; raises ModelError when it cannot be read.

    letters uint8: the words in UTF-8, in the order of their bytes, each ended by a line feed. For each pronunciation
    word_of_pronunciation int32, in that order, and its end in `phones` (uint16) end_of_pronunciation int32. contexts
    int32 (n, 4): phone before (0 at the start), phone, the transition into it, and its self-loop. position_of_phone
    uint8. follows int32 (phones + 1, phones + 1): how many words have the second phone behind the first, 0 being the
    word's edge.
    """
    graph = _Half(half, transitions, position_of_phone)
    spoken = {number: word for word, number in words.items() if not word.startswith(_MARKS)}
    contexts = _contexts(graph, tick)
    found = sorted((spoken[word].encode(), phones) for word, phones in _pronunciations(graph, tick) if word in spoken)
    if not found or not contexts:
        raise ModelError(f"{half.name} holds no word that the word table knows")
    letters = sorted({word for word, _ in found})
    number_of = {word: number for number, word in enumerate(letters)}
    count = int(transitions.phone_of_label.max()) + 1
    follows = np.zeros((count, count), np.int32)
    for _, phones in found:
        edged = np.array([0, *phones, 0])
        np.add.at(follows, (edged[:-1], edged[1:]), 1)
    positions = np.full(count, POSITIONS["nonword"], np.uint8)
    for phone, position in position_of_phone.items():
        if phone < count:
            positions[phone] = position
    return {
        "letters": np.frombuffer(b"".join(word + b"\n" for word in letters), np.uint8),
        "word_of_pronunciation": np.array([number_of[word] for word, _ in found], np.int32),
        "end_of_pronunciation": np.cumsum([len(phones) for _, phones in found]).astype(np.int32),
        "phones": np.array([phone for _, phones in found for phone in phones], np.uint16),
        "contexts": np.array(sorted((*pair, *labels) for pair, labels in contexts.items()), np.int32),
        "position_of_phone": positions,
        "follows": follows,
    }


def _contexts(graph: _Half, tick: Callable[[], None]) -> dict[tuple[int, int], tuple[int, int]]:
    """For each phone behind a phone: the transition into it, and its self-loop."""
    contexts: dict[tuple[int, int], tuple[int, int]] = {}
    phone_before = {graph.start: 0}
    waiting = [graph.start]
    while waiting:
        state = waiting.pop()
        if len(phone_before) % _TICK_STATES == 0:
            tick()
        for arc in graph.arcs(state):
            here = phone_before[state]
            if graph.is_sound(arc.label):
                here = graph.phone_of_label[arc.label]
                pair = (phone_before[state], here)
                if pair not in contexts:
                    contexts[pair] = (arc.label, graph.loop(arc.target))
            if arc.target not in phone_before:
                phone_before[arc.target] = here
                waiting.append(arc.target)
    return contexts


def _pronunciations(graph: _Half, tick: Callable[[], None]) -> set[tuple[int, tuple[int, ...]]]:
    """Each word's number and phones: all paths from the start to the next place between two words."""
    found: set[tuple[int, tuple[int, ...]]] = set()
    between: dict[int, tuple[list[_Arc], bool]] = {}
    waiting: list[tuple[int, tuple[int, ...], int, int]] = [(graph.start, (), 0, 0)]
    while waiting:
        state, phones, word, marks = waiting.pop()
        if state not in between:
            arcs = list(graph.arcs(state))
            between[state] = arcs, graph.is_between_words(state, arcs)
            if len(between) % _TICK_STATES == 0:
                tick()
        arcs, ended = between[state]
        if phones and ended and word:
            found.add((word, phones))
            continue
        for arc in arcs:
            if arc.word and word:  # that is the next one's
                continue
            if not graph.is_sound(arc.label):
                if marks < 2:  # one behind the word, and no more
                    waiting.append((arc.target, phones, arc.word or word, marks + 1))
                continue
            begins = graph.position_of_label[arc.label] in _BEGINS
            if begins != (not phones) or graph.position_of_label[arc.label] == POSITIONS["nonword"]:
                continue
            waiting.append((arc.target, (*phones, graph.phone_of_label[arc.label]), arc.word or word, marks))
    return found
