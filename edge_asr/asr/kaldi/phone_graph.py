"""A graph of phones under construction: every state of sound is entered by a transition and stays by its self-loop.

Input labels are those of `labels.py`, as in the graph of open speech; 0 consumes nothing.
All costs are given, none is learned: of a closed list of sentences each is as likely as the others.
"""

from collections.abc import Hashable
from typing import Any

import kaldifst

from edge_asr.asr.kaldi.lexicon import Lexicon


class PhoneGraph:
    """Made state by state, then `compiled`. One thread."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._fst: Any = kaldifst.StdVectorFst()
        self._sounds: dict[Hashable, int] = {}
        self.start = self.state()
        self._fst.start = self.start
        self.states = 1

    def state(self) -> int:
        """A new one."""
        made = int(self._fst.add_state())
        self.states = made + 1
        return made

    def end(self, state: int) -> None:
        """An utterance may end there."""
        self._fst.set_final(state, 0.0)

    def skip(self, source: int, target: int, cost: float = 0.0) -> None:
        """From one state to the other without a sound."""
        self._fst.add_arc(source, kaldifst.StdArc(0, 0, cost, target))

    def sound(self, source: int, before: int, phone: int, key: Hashable, output: int, cost: float = 0.0) -> int | None:
        """From `source` into `phone` behind the phone `before`; the state in which it sounds.

        States of the same key, phone and transitions are one; None when it was there already, and so was its way on.
        """
        enter, stay = self.lexicon.transition(before, phone)
        whole = (key, phone, enter, stay)
        target = self._sounds.get(whole)
        known = target is not None
        if target is None:
            target = self._sounds[whole] = self.state()
            self._fst.add_arc(target, kaldifst.StdArc(stay, 0, 0.0, target))
        self._fst.add_arc(source, kaldifst.StdArc(enter, output, cost, target))
        return None if known else target

    def compiled(self) -> Any:
        """As the search takes it."""
        return kaldifst.StdConstFst(self._fst)
