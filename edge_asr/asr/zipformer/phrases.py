"""Phrases to listen for: a tree of their tokens with ways back, after Aho and Corasick.

Each token that goes on with a phrase earns its bonus; where the phrase breaks off, what it earned is taken back.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Place:
    """How far into a phrase a path is. `earned` is the bonus on the way here, `bonus` that of the last token.

    `retreat` is the longest end of this way that begins some phrase; `inner` the nearest whole phrase on that way.
    `whole` is the bonus for the phrases that end here, 0 where none does.
    """

    bonus: float = 0.0
    earned: float = 0.0
    whole: float = 0.0
    complete: bool = False
    onward: dict[int, "Place"] = field(default_factory=dict)
    retreat: "Place | None" = None
    inner: "Place | None" = None


class Phrases:
    """The tree. Immutable once built."""

    def __init__(self, phrases: Sequence[tuple[Sequence[int], float]]) -> None:
        """Phrases as tokens, each with the bonus that every one of its tokens earns."""
        self.start = Place()
        for tokens, bonus in phrases:
            self._grow(tokens, bonus)
        self._link()

    def step(self, place: Place, token: int) -> tuple[float, Place]:
        """Bonus, which may be negative, and place after one more token. A whole phrase begins anew."""
        if token in place.onward:
            after = place.onward[token]
            change = after.bonus
        else:
            after = self._fall_back(place.retreat, token)
            change = after.earned - place.earned
        if not after.whole:
            return change, after
        kept = after if after.complete or after.inner is None else after.inner
        return change + kept.earned - after.earned, self.start

    def _grow(self, tokens: Sequence[int], bonus: float) -> None:
        place = self.start
        for number, token in enumerate(tokens, 1):
            last = number == len(tokens)
            after = place.onward.setdefault(token, Place())
            after.bonus = max(after.bonus, bonus)
            after.earned = place.earned + after.bonus
            after.complete = after.complete or last
            after.whole = after.earned if after.complete else 0.0
            place = after

    def _link(self) -> None:
        waiting = deque(self.start.onward.values())
        for place in waiting:
            place.retreat = self.start
        while waiting:
            place = waiting.popleft()
            for token, after in place.onward.items():
                retreat = self._fall_back(place.retreat, token)
                after.retreat = retreat
                after.inner = retreat if retreat.complete else retreat.inner
                after.whole += after.inner.whole if after.inner else 0.0
                waiting.append(after)

    def _fall_back(self, place: Place | None, token: int) -> Place:
        """Where a token leads that does not go on from a place whose retreat is `place`."""
        while place is not None and token not in place.onward:
            place = place.retreat
        return self.start if place is None else place.onward[token]
