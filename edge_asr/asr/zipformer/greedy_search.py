"""Greedy search: at each output the best token, of a transducer or of a CTC network."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.zipformer.token_path import BLANK, NOTHING_SAID, TokenPath, log_share
from edge_asr.asr.zipformer.transducer import Transducer, Values


@dataclass(frozen=True, slots=True)
class GreedyState:
    """Where a transducer's search is; `said` float32 (1, width) is None before the first output."""

    path: TokenPath = NOTHING_SAID
    outputs: int = 0
    said: Values | None = None


class GreedyTransducer:
    """At most one token for each output of the encoder; `unknown` counts as silence."""

    def __init__(self, transducer: Transducer, unknown: int | None) -> None:
        self._transducer = transducer
        self._silent = frozenset({BLANK, unknown})

    def start(self) -> GreedyState:
        """State before the first output."""
        return GreedyState()

    def advance(self, outputs: NDArray[np.float32], state: GreedyState) -> GreedyState:
        """Take outputs float32 (n, width)."""
        path, said = state.path, state.said
        if said is None:
            said = self._expect(path)
        for number, heard in enumerate(outputs, state.outputs):
            scores = self._transducer.scores(heard, said)
            token = int(scores[0].argmax())
            if token in self._silent:
                path = path.silent()
            else:
                path = path.said(token, number, log_share(scores[0], token))
                said = self._expect(path)
        return GreedyState(path, state.outputs + len(outputs), said)

    def best(self, state: GreedyState) -> TokenPath:
        """The path so far."""
        return state.path

    def _expect(self, path: TokenPath) -> Values:
        return self._transducer.said([self._transducer.context(path.tokens)])


@dataclass(frozen=True, slots=True)
class CtcState:
    """Where a CTC search is; `last` is the best token of the last output."""

    path: TokenPath = NOTHING_SAID
    outputs: int = 0
    last: int | None = None


class GreedyCtc:
    """Equal neighbours are one token, `blank` between them parts them."""

    def __init__(self, blank: int) -> None:
        self._blank = blank

    def start(self) -> CtcState:
        """State before the first output."""
        return CtcState()

    def advance(self, outputs: NDArray[np.float32], state: CtcState) -> CtcState:
        """Take log probabilities float32 (n, vocabulary)."""
        path, last = state.path, state.last
        for number, (shares, token) in enumerate(zip(outputs, outputs.argmax(axis=1).tolist(), strict=True)):
            if token == self._blank:
                path = path.silent()
            elif token != last:
                path = path.said(token, state.outputs + number, float(shares[token]))
            last = token
        return CtcState(path, state.outputs + len(outputs), last)

    def best(self, state: CtcState) -> TokenPath:
        """The path so far."""
        return state.path
