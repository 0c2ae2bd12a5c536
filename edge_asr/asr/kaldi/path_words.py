"""What a path through the decoding graph says: its words, with their times and how sure they are."""

from typing import TypeAlias

from edge_asr.asr.kaldi.confidence import Certainty, word_confidence
from edge_asr.asr.kaldi.labels import Labels
from edge_asr.asr.kaldi.search import BestPath
from edge_asr.asr.kaldi.words import WordTable
from edge_asr.asr.result import Word
from edge_asr.asr.script import glued

_LONGEST_WORD_S = 2.5  # in steady noise the best path sits in one "huh" for up to 20 s; no spoken word lasts so long

Place: TypeAlias = tuple[str, int, int, int]  # the word before, the number of this one, its frames [begin, end)


class PathWords:
    """The words of one utterance's paths. One thread.

    Words that stay where they were from one path to the next, which most do, are taken from there; but not at the end:
    the sounds of such a word may have moved, and how sure it is with them.
    """

    def __init__(self, table: WordTable, labels: Labels, output_s: float) -> None:
        self._table = table
        self._labels = labels
        self._output_s = output_s
        self._told: dict[Place, Word] = {}

    def read(self, path: BestPath, certainty: Certainty, *, last: bool) -> tuple[Word, ...]:
        """Words of a path, less what is none: marks for noise, and a sound held too long."""
        spans = self._labels.word_spans(path.labels)
        spans += [(len(path.labels), len(path.labels))] * (len(path.words) - len(spans))  # it stops before their sounds
        told = {} if last else self._told
        self._told = {}  # of this path alone
        before, words = "", list[Word]()
        for number, (begin, end) in zip(path.words, spans, strict=False):
            if not self._table.spoken[number] or (end - begin) * self._output_s > _LONGEST_WORD_S:
                continue
            place = (before, number, begin, end)
            word = told.get(place)
            if word is None:
                sure = certainty.along(self._labels.pdf_of_label[path.labels[begin:end]], begin)
                text, confidence = self._table[number], word_confidence(sure)
                joined = bool(before) and glued(before, text)
                word = Word(text, begin * self._output_s, end * self._output_s, confidence, joined)
            self._told[place] = word
            words.append(word)
            before = word.word
        return tuple(words)
