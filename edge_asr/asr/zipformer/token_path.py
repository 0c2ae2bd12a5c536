"""A sequence of tokens and when each was said: what every search over a network's outputs comes to."""

from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

BLANK = 0
SearchState = TypeVar("SearchState")


class TokenPath(NamedTuple):
    """Tokens, the output at which each was said, and the log of the share that the network gave it there.

    `blanks` counts the outputs since the last token.
    """

    tokens: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    log_shares: tuple[float, ...] = ()
    blanks: int = 0

    def silent(self) -> "TokenPath":
        """The path after an output that says nothing."""
        return TokenPath(self.tokens, self.outputs, self.log_shares, self.blanks + 1)

    def said(self, token: int, output: int, log_share: float) -> "TokenPath":
        """The path after an output that says a token."""
        return TokenPath((*self.tokens, token), (*self.outputs, output), (*self.log_shares, log_share), 0)


NOTHING_SAID = TokenPath()


class TokenSearch(Protocol[SearchState]):
    """Immutable; whatever changes lives in the state, which is taken and returned."""

    def start(self) -> SearchState:
        """State before the first output."""
        ...

    def advance(self, outputs: NDArray[np.float32], state: SearchState) -> SearchState:
        """Take the encoder's outputs, float32 (n, width)."""
        ...

    def best(self, state: SearchState) -> TokenPath:
        """The best path so far."""
        ...


def log_shares(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log of each score's share of its row: float32, of the shape of `scores` (n, vocabulary)."""
    shares = scores - np.maximum.reduce(scores, axis=1, keepdims=True)
    shares -= np.log(np.add.reduce(np.exp(shares), axis=1, keepdims=True))
    return shares


def log_share(scores: NDArray[np.float32], token: int) -> float:
    """The same of one token alone, of one row float32 (vocabulary,)."""
    centred = scores - np.maximum.reduce(scores)
    return float(centred[token] - np.log(np.add.reduce(np.exp(centred))))
