"""Whether a sentence was said at all, where the sound leaves it in doubt: by the evidence of a second model.

What nobody said has next to none, however common the words are: before it has heard anything the second model finds
"good night" far likelier than "brew a latte", by 19 in log share, and that is taken off. Short sentences cannot have
much, so that for them it counts how much of what there could be they have.
"""

from edge_asr.asr.judge import Weighed

# What fits better is not doubted: the best sentence that nobody had said, in hours of speech in noise, had -0.34; half
# of the orders that people did say are better than -0.5.
SURELY_SAID = -0.5
# By Moonshine tiny, set on the recordings of docs/benchmarks.md.
_EVIDENCE, _PART = 14.0, 0.5  # wanted at an excess of 0, ...
_MORE_EVIDENCE, _MORE_PART = 50.0, 0.5  # ... more for each point above and less below, ...
_LEAST_EVIDENCE, _LEAST_PART = 9.0, 0.42  # ... but not less than these


def unsaid(excess: float, weighed: Weighed) -> bool:
    """Whether nobody said a doubtful sentence of such an excess, see `CommandSearch.excess`."""
    wanted = max(_LEAST_EVIDENCE, _EVIDENCE + _MORE_EVIDENCE * excess)
    wanted_part = max(_LEAST_PART, _PART + _MORE_PART * excess)
    return weighed.evidence < min(wanted, -weighed.unheard * wanted_part)
