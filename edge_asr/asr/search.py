"""WFST beam search over the decoding graph, by kaldi-decoder, and the reading of its best path.

Input labels are Kaldi's transition ids, so the best path names each frame's phone and its place in the word: word
times come from the same path as the words.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kaldi_decoder
import kaldifst
import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.graph_file import check_graph_file
from edge_asr.asr.labels import Labels
from edge_asr.errors import ModelError

_MARKS = ("", "<", "[", "!", "#")  # <eps>, [unk], !SIL, #0: what a lexicon names beside words


@dataclass(frozen=True, slots=True)
class BestPath:
    """`labels` int32 (frames,), one transition id for each decoded frame; `words` the word ids in order."""

    labels: NDArray[np.int32]
    words: list[int]


class Graph:
    """The decoding graph and its words. Immutable, shared by all utterances."""

    def __init__(self, graph_path: Path, words_path: Path, labels: int) -> None:
        """Read a graph over labels 0..`labels`; raises ModelError."""
        self.words = _read_words(words_path)
        self.spoken = frozenset(label for label, word in self.words.items() if word[:1] not in _MARKS)
        check_graph_file(graph_path, labels, self.words)
        self.fst: Any = kaldifst.StdConstFst.read(str(graph_path))
        if self.fst is None:
            raise ModelError(f"{graph_path} is not a decoding graph that can be read")


def _read_words(path: Path) -> dict[int, str]:
    words: dict[int, str] = {}
    try:
        for line in path.read_text(encoding="utf-8").removesuffix("\n").split("\n"):
            word, tab, number = line.rpartition("\t")
            if not tab or not (number.isascii() and number.isdigit()):
                raise ModelError(f"{path} has a line {line[:60]!r}; expected WORD<TAB>NUMBER")
            words[int(number)] = word
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ModelError(f"{path} is not UTF-8 text at byte {error.start}") from None
    return words


class Search:
    """The beam of one utterance. One thread."""

    def __init__(self, graph: Graph, labels: Labels, beam: float, max_active: int, acoustic_scale: float) -> None:
        options = kaldi_decoder.FasterDecoderOptions(beam=beam, max_active=max_active)
        self._decoder: Any = kaldi_decoder.FasterDecoder(graph.fst, options)
        self._decoder.init_decoding()
        self._pdf_of_label = labels.pdf_of_label[1:]
        self._acoustic_scale = acoustic_scale
        self.frames = 0

    def advance(self, scores: NDArray[np.float32]) -> None:
        """Take network outputs float32 (n, pdfs), one row for each subsampled frame."""
        by_label = scores[:, self._pdf_of_label]
        if self._acoustic_scale != 1.0:
            by_label *= self._acoustic_scale
        self._decoder.advance_decoding(kaldi_decoder.DecodableCtc(by_label, self.frames))
        self.frames += len(scores)

    def best_path(self, *, final: bool) -> BestPath:
        """Best path so far; with `final` one that may end here is preferred. Empty when every path has died."""
        if not self.frames:
            return BestPath(np.empty(0, np.int32), [])
        use_final = final and self._decoder.reached_final()
        found, path = self._decoder.get_best_path(use_final)
        if not found:
            return BestPath(np.empty(0, np.int32), [])
        _, labels, words, _ = kaldifst.get_linear_symbol_sequence(path)
        return BestPath(np.array(labels, np.int32), list(words))
