"""Which of several sentences was said, where the sound alone hardly tells: a second model of another kind is asked.

The two err in different places: measured with orders in kitchen noise at 12 dB, of which the search misheard three
of 119, all by a lead of 2.2 or less, every one was told rightly by an offline model that only had to weigh the few
sentences that came near. Its own choice among all sentences would be worse than that of the search.
"""

import logging
import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.judge import Judge, Weighed
from edge_asr.asr.kaldi.rivals import REACH, Rival, Rivals
from edge_asr.asr.kaldi.search import BestPath
from edge_asr.errors import RecognitionError

log = logging.getLogger(__name__)

# Of the second model's evidence beside the search's cost; by the bare log share it would like the common words,
# "coffee" for "mocha".
_WEIGHT = 0.75
_MOST = 6  # meanings that are weighed: each takes a run of the decoder
_LEAD = 2.0  # of both together over the next meaning, a likelihood of 7 to 1: see docs/benchmarks.md


@dataclass(frozen=True, slots=True)
class Choice:
    """The path of what was said.

    `weighed`: what the judge thinks of it, None where nobody was asked. `undecided`: search and judge together hardly
    prefer it to a sentence that means something else.
    """

    path: BestPath
    weighed: Weighed | None = None
    undecided: bool = False


def closest(
    rivals: Rivals | None,
    best: BestPath,
    meaning: Callable[[Sequence[int]], Hashable],
    text: Callable[[Sequence[int]], str],
    made_up: Callable[[Sequence[int]], Hashable],
    judge: Judge,
    samples: NDArray[np.int16],
    *,
    doubtful: bool,
) -> Choice:
    """What was said.

    It is `best`, unless another meaning comes near and the judge prefers it. Where none does, the judge is asked only
    if it is `doubtful` that it was said at all. samples: all of the utterance, int16 (n,). A judge that fails is as if
    it had not been asked. Rivals by words that are `made_up` are left to the search: it would write these otherwise,
    and prefer what it can write.
    """
    own = Rival(tuple(best.words), best.cost)  # a narrower search has found the others, and may have lost it on its way
    cheapest: dict[Hashable, Rival] = {meaning(own.tokens): own}
    texts = {text(own.tokens)}  # the same words with two meanings sound alike for ever: the first one is taken
    for rival in () if rivals is None else rivals.rows():
        if rival.cost > own.cost + REACH or made_up(rival.tokens) != made_up(own.tokens):
            continue
        if text(rival.tokens) not in texts and meaning(rival.tokens) not in cheapest:
            cheapest[meaning(rival.tokens)] = rival
            texts.add(text(rival.tokens))
    near = list(cheapest.values())[:_MOST]
    if len(near) <= 1 and not doubtful:
        return Choice(best)
    try:
        weighed = judge.weigh(samples, [text(rival.tokens) for rival in near])
    except RecognitionError as error:
        log.warning("a close call was left to the search: %s", error)
        return Choice(best)
    if not math.isfinite(weighed[0].log_share):  # a text that it cannot write says nothing of the sound
        return Choice(best)
    (cost, chosen), *others = sorted(
        (rival.cost - _WEIGHT * one.evidence, number)
        for number, (rival, one) in enumerate(zip(near, weighed, strict=True))
        if math.isfinite(one.log_share)
    )
    path = best if chosen == 0 or rivals is None else rivals.path(near[chosen])
    return Choice(path, weighed[chosen], undecided=bool(others) and others[0][0] - cost < _LEAD)
