"""Beam search over a transducer, at most one token for each output: the field's "modified beam search".

A path may be found in several ways; their probabilities are added. The best path is that with the highest mean log
probability for each token. Phrases to listen for raise the paths that hold them.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.zipformer.phrases import Phrases, Place
from edge_asr.asr.zipformer.token_path import BLANK, TokenPath, log_shares
from edge_asr.asr.zipformer.transducer import Transducer, Values


class Candidate(NamedTuple):
    """One path, the log of its probability, and how far into a phrase it is."""

    path: TokenPath
    log_probability: float
    place: Place | None


@dataclass(frozen=True, slots=True)
class BeamState:
    """All paths that are still followed; `said` float32 (paths, width) belongs to the last tokens in `contexts`."""

    candidates: tuple[Candidate, ...]
    outputs: int = 0
    contexts: tuple[tuple[int, ...], ...] = ()
    said: Values | None = None


class BeamTransducer:
    """Follows the `paths` best ones; `unknown` counts as silence."""

    def __init__(self, transducer: Transducer, unknown: int | None, paths: int, phrases: Phrases | None) -> None:
        self._transducer = transducer
        self._silent = frozenset({BLANK, unknown})
        self._paths = paths
        self._phrases = phrases

    def start(self) -> BeamState:
        """State before the first output."""
        place = self._phrases.start if self._phrases else None
        return BeamState((Candidate(TokenPath(), 0.0, place),))

    def advance(self, outputs: NDArray[np.float32], state: BeamState) -> BeamState:
        """Take outputs float32 (n, width)."""
        for heard in outputs:
            state = self._step(heard, state)
        return state

    def best(self, state: BeamState) -> TokenPath:
        """The path of the highest mean; the context before the first token counts as tokens too."""
        before = len(self._transducer.nothing_said)
        return max(state.candidates, key=lambda one: one.log_probability / (len(one.path.tokens) + before)).path

    def _step(self, heard: Values, state: BeamState) -> BeamState:
        candidates = state.candidates
        contexts = tuple([self._transducer.context(one.path.tokens) for one in candidates])
        said = state.said
        if said is None or contexts != state.contexts:
            said = self._transducer.said(contexts)
        shares = log_shares(self._transducer.scores(heard, said))
        before = np.array([one.log_probability for one in candidates], np.float32)
        totals = (shares + before[:, None]).ravel()
        found: dict[tuple[int, ...], Candidate] = {}
        width = shares.shape[1]
        for index in _largest(totals, self._paths):
            row, token = divmod(index, width)
            grown = self._grow(candidates[row], token, state.outputs, shares[row, token], totals[index])
            known = found.setdefault(grown.path.tokens, grown)
            if known is not grown:
                found[grown.path.tokens] = _merged(known, grown)
        return BeamState(tuple(found.values()), state.outputs + 1, contexts, said)

    def _grow(self, one: Candidate, token: int, output: int, log_share: np.float32, total: np.float32) -> Candidate:
        if token in self._silent:
            return Candidate(one.path.silent(), float(total), one.place)
        path = one.path.said(token, output, float(log_share))
        if self._phrases is None or one.place is None:
            return Candidate(path, float(total), None)
        bonus, place = self._phrases.step(one.place, token)
        return Candidate(path, float(total + np.float32(bonus)), place)


def _largest(values: Values, count: int) -> list[int]:
    """Indices of the `count` largest of `values` (n,), largest first."""
    count = min(count, len(values))
    top: list[int] = values.argpartition(-count)[-count:].tolist()
    return sorted(top, key=values.__getitem__, reverse=True)


def _merged(known: Candidate, other: Candidate) -> Candidate:
    total = float(np.logaddexp(known.log_probability, other.log_probability))
    return Candidate(known.path, total, known.place)
