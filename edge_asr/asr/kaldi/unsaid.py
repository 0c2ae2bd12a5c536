"""Whether a sentence was said at all, where the sound leaves it in doubt: by the evidence of a second model.

What nobody said has next to none, however common the words are: the second model finds "good night" a hundred times as
likely as "brew a latte" before it has heard anything, and that is taken off. Short sentences cannot have much, so that
for them it counts how much of what there could be they have.
"""

from edge_asr.asr.judge import Weighed

# What fits better is not doubted: the best sentence that nobody had said, in hours of speech in noise, had -0.34; half
# of the orders that people did say are better than -0.5.
SURELY_SAID = -0.5
# By Moonshine tiny, see docs/benchmarks.md.
_EVIDENCE, _PART = 10.0, 0.5  # wanted at an excess of 0, ...
_MORE_EVIDENCE, _MORE_PART = 50.0, 1.0  # ... more for each point above and less below, ...
_LEAST_EVIDENCE, _LEAST_PART = 7.0, 0.42  # ... but not less than these


def unsaid(excess: float, weighed: Weighed) -> bool:
    """Whether nobody said a sentence of such an excess, see `CommandSearch.excess`."""
    if excess <= SURELY_SAID:
        return False
    wanted = max(_LEAST_EVIDENCE, _EVIDENCE + _MORE_EVIDENCE * excess)
    wanted_part = max(_LEAST_PART, _PART + _MORE_PART * excess)
    return weighed.evidence < min(wanted, -weighed.unheard * wanted_part)
