"""What a decoder has written."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """Tokens behind what was given, without the end; the log share of each; `complete`: whether that end came."""

    tokens: Sequence[int]
    log_shares: Sequence[float]
    complete: bool
