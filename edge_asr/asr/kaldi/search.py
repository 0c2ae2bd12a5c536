"""WFST beam search over the decoding graph, by kaldi-decoder, and the reading of its best path.

Input labels are Kaldi's transition ids, those that sound alike being one, so the best path names each frame's phone and
its place in the word: word times come from the same path as the words.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kaldi_decoder
import kaldifst
import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.kaldi.graph_file import check_graph_file
from edge_asr.asr.kaldi.graph_map import open_graph
from edge_asr.asr.kaldi.words import WordTable

# The first words are the hardest: nothing is known of the voice, nor what was said before. Of 2,132 words 383 errors
# with an even beam of 9, 374 with one of 11 for 1.5 s, 371 with it for 3 s or all the way: 1, 1.2, 1.45 and 1.95 times
# the search.
_EARLY_FRAMES = 100  # 3 s
EARLY_BEAM = 2.0  # wider


@dataclass(frozen=True, slots=True)
class BestPath:
    """`labels` int32 (frames,), one label for each decoded frame; `words` the output labels in order.

    `cost` is that of graph and sounds together, in negative log likelihood.
    """

    labels: NDArray[np.int32]
    words: list[int]
    cost: float = 0.0
    ends: bool = False  # at a place where an utterance may end


class Graph:
    """The decoding graph and its words. Immutable, shared by all utterances."""

    def __init__(self, graph_path: Path, words_path: Path, labels: int) -> None:
        """Open a graph over labels 0..`labels`; raises ModelError."""
        self.words = WordTable.read(words_path)
        mappable = check_graph_file(graph_path, labels, self.words.known)
        self._opened = open_graph(graph_path, mappable=mappable)
        self.fst: Any = self._opened.fst

    def relieve(self) -> None:
        """Give back memory that can be had again from the file, when it has become much; now and then."""
        self._opened.relieve()


class Search:
    """The beam of one utterance, `early` wider in its first `_EARLY_FRAMES`. One thread."""

    def __init__(self, fst: Any, beam: float, max_active: int, early: float = 0.0) -> None:
        first = kaldi_decoder.FasterDecoderOptions(beam=beam + early, max_active=max_active)
        self._fst = fst  # the decoder itself does not keep it
        self._decoder: Any = kaldi_decoder.FasterDecoder(fst, first)
        self._decoder.init_decoding()
        self._later = kaldi_decoder.FasterDecoderOptions(beam=beam, max_active=max_active)
        self._narrowed = False
        self.frames = 0

    def advance(self, by_label: NDArray[np.float32]) -> None:
        """Take scores float32 (n, labels) of all labels, one row for each subsampled frame."""
        if self.frames >= _EARLY_FRAMES and not self._narrowed:
            self._decoder.set_options(self._later)
            self._narrowed = True
        self._decoder.advance_decoding(kaldi_decoder.DecodableCtc(by_label, self.frames))
        self.frames += len(by_label)

    def best_path(self, *, final: bool) -> BestPath:
        """Best path so far; with `final` one that may end here is preferred. Empty when every path has died."""
        if not self.frames:
            return BestPath(np.empty(0, np.int32), [])
        use_final = final and self._decoder.reached_final()
        found, path = self._decoder.get_best_path(use_final)
        if not found:
            return BestPath(np.empty(0, np.int32), [])
        _, labels, words, weight = kaldifst.get_linear_symbol_sequence(path)
        return BestPath(np.array(labels, np.int32), list(words), weight.value1 + weight.value2, use_final)
