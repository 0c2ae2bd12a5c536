"""Speech without a grammar: a loop over all phones, each about as likely behind the last as in the lexicon.

What a sentence of a grammar is weighed against. A loop over words would tell the two apart as well and takes hundreds
of megabytes; this one is a few thousand states.
"""

import numpy as np

from edge_asr.asr.kaldi.labels import Position
from edge_asr.asr.kaldi.lexicon import Lexicon
from edge_asr.asr.kaldi.phone_graph import PhoneGraph

# Measured on 119 commands at 6 dB of kitchen noise and 220 pieces of other speech and of noise, excess of the former at
# most, of the latter at least: 0.5 +0.05, +0.56; 0.7 -0.13, +0.44; 1.0 -0.37, +0.22.
_SCALE = 0.5
_UNSEEN = 0.1  # times that a pair of phones counts as seen which no word has
_OPEN = (Position.BEGIN, Position.INTERNAL)  # behind such a phone the word goes on


def filler_graph(lexicon: Lexicon) -> PhoneGraph:
    """Graph whose output labels are the phones."""
    graph = PhoneGraph(lexicon)
    counts = lexicon.follows.astype(np.float64) + _UNSEEN
    costs = -_SCALE * np.log(counts / counts.sum(axis=1, keepdims=True))
    behind: dict[int, int] = {}

    def place(phone: int) -> int:
        if phone not in behind:
            behind[phone] = graph.state()
            graph.end(behind[phone])
        return behind[phone]

    graph.skip(graph.start, place(0))
    for before, phone in lexicon.contexts:
        inside = before and lexicon.position_of_phone[before] in _OPEN
        spoken = lexicon.position_of_phone[phone] != Position.NONWORD
        cost = float(costs[before if inside else 0, phone]) if spoken else 0.0
        sounding = graph.sound(place(before), before, phone, (), phone, cost)
        if sounding is not None:
            graph.skip(sounding, place(phone))
    return graph
