"""How much of a partial will stay: what the last few hypotheses agree on, less the last word of it.

Local agreement, as in Liu, Spanakis, Niehues: Low-Latency Sequence-to-Sequence Speech Recognition and Translation by
Partial Hypothesis Selection (2020). Measured on 110 recordings: of three hypotheses, 77 % of the words are called
stable, and one partial in 300 names one that does not stay (of two in a row 82 %, and one in 100). Moonshine alone,
whose hypotheses are rarer and are written anew each time: 25 % of the words, and one partial in 16 (40 %, one in 9).
"""

from collections import deque

from edge_asr.asr.result import Hypothesis, Word

_AGREEING = 3


class StablePrefix:
    """The agreement of one utterance's hypotheses. One thread."""

    def __init__(self) -> None:
        self._last: deque[tuple[str, ...]] = deque(maxlen=_AGREEING)

    def accept(self, hypothesis: Hypothesis) -> int:
        """How many characters at the beginning of this hypothesis' text are stable."""
        self._last.append(tuple(word.word for word in hypothesis.words))
        if len(self._last) < _AGREEING:
            return 0
        agreed = 0
        for same in zip(*self._last, strict=False):
            if len(set(same)) > 1:
                break
            agreed += 1
        return _characters(hypothesis.words[: max(0, agreed - 1)])


def _characters(words: tuple[Word, ...]) -> int:
    return len(Hypothesis(words, 0.0, 0.0, timed=False).text)
