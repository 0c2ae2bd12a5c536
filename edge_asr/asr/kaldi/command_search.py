"""Two searches over the same scores: the best sentence of a grammar, and the best speech without one.

What is none of the sentences fits the grammar's best path much worse than it fits the filler's; how much is told for
each frame of speech, so that neither long sentences nor the silence around them change it.
"""

import math
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.grammar import Grammar, understood, woken
from edge_asr.asr.judge import Judge
from edge_asr.asr.kaldi.close_call import Choice, closest
from edge_asr.asr.kaldi.filler import filler_graph
from edge_asr.asr.kaldi.grammar_graph import grammar_graph
from edge_asr.asr.kaldi.labels import Labels
from edge_asr.asr.kaldi.lexicon import Lexicon
from edge_asr.asr.kaldi.rivals import Rivals
from edge_asr.asr.kaldi.search import BestPath, Search

_FEWEST_FRAMES = 10  # of speech: less is no sentence, and must not look better by being short
_GRAMMAR_BEAM, _GRAMMAR_TOKENS = 13.0, 3000
# A second look has no bound but its beam: for 3 s of white noise it took 2.8 s over 100,000 random sentences (1.7
# million states) at a beam of 8, of which the one of now takes two to four times as long; over 137,000 states 0.08 s.
# Real lists have a few thousand states.
_MOST_STATES = 200_000
_FILLER_BEAM, _FILLER_TOKENS = 8.0, 300  # measured: 10 and 1000 give the same excess within 0.01, at twice the cost


class CommandGraphs:
    """A grammar's graph and the filler's. Immutable, shared by all utterances."""

    def __init__(self, grammar: Grammar, lexicon: Lexicon, labels: Labels, filler: Any = None) -> None:
        """Compose; raises ModelError as `grammar_graph` does. `filler` is that of earlier graphs of the same model."""
        graph = grammar_graph(grammar, lexicon)
        self.grammar = grammar
        self.labels = labels
        self.states = graph.states
        self.fst: Any = graph.fst
        self.filler: Any = filler if filler is not None else filler_graph(lexicon).compiled()

    def meaning(self, tokens: Sequence[int]) -> Hashable:
        """What a row of the grammar's tokens asks for: rows of the same meaning need not be told apart."""
        said = [self.grammar.tokens[number] for number in tokens]
        phrase = woken(said)
        if phrase == len(said):
            return phrase > 0
        command = understood(said[phrase:], [1.0] * (len(said) - phrase), 0.0)
        slots = frozenset((name, type(slot.value), slot.value) for name, slot in command.slots.items())
        return phrase > 0, command.intent, slots

    def text(self, tokens: Sequence[int]) -> str:
        """The words of a row of the grammar's tokens."""
        return " ".join(self.grammar.tokens[number].word for number in tokens)

    def made_up(self, tokens: Sequence[int]) -> frozenset[str]:
        """Words among them that sound as their author says: another model writes them otherwise, however clear."""
        return frozenset(self.grammar.tokens[number].word for number in tokens) & self.grammar.sounds.keys()


class CommandSearch:
    """The two beams of one utterance. One thread."""

    def __init__(self, graphs: CommandGraphs) -> None:
        self._graphs = graphs
        self._labels = graphs.labels
        self._grammar = Search(graphs.fst, _GRAMMAR_BEAM, _GRAMMAR_TOKENS)
        self._filler = Search(graphs.filler, _FILLER_BEAM, _FILLER_TOKENS)

    def advance(self, by_label: NDArray[np.float32]) -> None:
        """Take scores float32 (n, labels), as `Search` does."""
        self._grammar.advance(by_label)
        self._filler.advance(by_label)

    def so_far(self) -> BestPath:
        """The best path that may still become a sentence; its `words` are tokens of the grammar."""
        return self._grammar.best_path(final=False)

    def free(self) -> BestPath:
        """The best speech without a grammar; its `words` are phones."""
        return self._filler.best_path(final=True)

    def excess(self, path: BestPath, free: BestPath) -> float:
        """How much worse the sentence `path` fits the sound than speech `free` of a grammar does; infinite for none.

        In cost for each frame of speech: commands lie around 0 and below, other speech above.
        """
        if not path.ends or not path.words or not free.ends:
            return math.inf
        spoken = int(np.count_nonzero(~self._labels.silence_of_label[path.labels]))
        return (path.cost - free.cost) / max(_FEWEST_FRAMES, spoken)

    def closest(
        self,
        path: BestPath,
        by_label: NDArray[np.float32],
        judge: Judge,
        samples: NDArray[np.int16],
        *,
        doubtful: bool,
    ) -> Choice:
        """The sentence that was said: `path`, unless another comes near and the judge prefers it, see `closest`.

        by_label: the scores of all frames, as `advance` has taken them. samples: int16 (n,) of the whole utterance.
        A graph of more than 200,000 states would take too long to be searched so: there nothing comes near.
        """
        if len(samples) > judge.longest_s * judge.sample_rate_hz:
            return Choice(path)
        rivals = Rivals(self._graphs.fst, by_label) if self._graphs.states <= _MOST_STATES else None
        graphs = self._graphs
        return closest(rivals, path, graphs.meaning, graphs.text, graphs.made_up, judge, samples, doubtful=doubtful)

    def sentence(self) -> BestPath:
        """The best path to the end of a sentence; `ends` is false when there is none."""
        return self._grammar.best_path(final=True)
