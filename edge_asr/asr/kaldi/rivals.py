"""The sentences of a grammar that fit the sound nearly as well as the best one.

A search keeps one path. For a sentence that is about to be taken the sound is searched once more, for all paths that
end close to the best; what is left of them is a lattice, and rows of words are read from it.
"""

from dataclasses import dataclass
from typing import Any

import kaldi_decoder
import kaldifst
import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.kaldi.search import BestPath

REACH = 6.0  # in cost of the whole utterance, from the best path on
_BEAM = 12.0
_MOST_ROWS = 32  # of words, the cheapest first: many say the same thing otherwise


@dataclass(frozen=True, slots=True)
class Rival:
    """A row of the grammar's tokens, and the cost of its best path."""

    tokens: tuple[int, ...]
    cost: float


class Rivals:
    """Of one utterance. One thread."""

    def __init__(self, fst: Any, by_label: NDArray[np.float32]) -> None:
        """Search all of it: scores float32 (n, labels) of all labels. Takes 1 % of its time."""
        self._lattice: Any = _lattice(fst, by_label)

    def rows(self) -> list[Rival]:
        """The cheapest first; none when no path came to an end."""
        if self._lattice is None:
            return []
        tokens: Any = _acceptor_of(self._lattice)
        kaldifst.rmepsilon(tokens)
        nearest = kaldifst.shortest_path(kaldifst.determinize(tokens), n=_MOST_ROWS)
        found: list[Rival] = []
        for path in kaldifst.convert_nbest_to_vector(nearest):
            _, _, row, weight = kaldifst.get_linear_symbol_sequence(path)
            found.append(Rival(tuple(row), float(weight.value)))
        return sorted(found, key=lambda rival: rival.cost)

    def path(self, rival: Rival) -> BestPath:
        """The best one of a row, with its frames."""
        row = kaldifst.make_linear_acceptor(list(rival.tokens))
        lattice: Any = _transducer_of(self._lattice)
        kaldifst.arcsort(lattice, "olabel")
        best = kaldifst.shortest_path(kaldifst.compose(lattice, row))
        _, labels, words, weight = kaldifst.get_linear_symbol_sequence(best)
        return BestPath(np.array(labels, np.int32), list(words), float(weight.value), ends=True)


@dataclass(frozen=True, slots=True)
class _Arc:
    source: int
    target: int
    label: int
    token: int
    cost: float


@dataclass(frozen=True, slots=True)
class _Lattice:
    states: int
    start: int
    arcs: list[_Arc]
    ends: list[tuple[int, float]]


def _lattice(fst: Any, by_label: NDArray[np.float32]) -> _Lattice | None:
    options = kaldi_decoder.LatticeSimpleDecoderConfig(beam=_BEAM, lattice_beam=REACH)
    decoder: Any = kaldi_decoder.LatticeSimpleDecoder(fst, options)
    if not len(by_label) or not decoder.decode(kaldi_decoder.DecodableCtc(by_label, 0)):
        return None
    found, raw = decoder.get_raw_lattice(True)
    if not found:
        return None
    arcs: list[_Arc] = []
    ends: list[tuple[int, float]] = []
    for line in raw.to_str(show_weight_one=True).splitlines():  # kaldifst has no other way to all of its arcs
        row = line.split()
        cost = sum(map(float, row[-1].split(",")))
        if len(row) > 2:
            source, target, label, token = map(int, row[:4])
            arcs.append(_Arc(source, target, label, token, cost))
        else:
            ends.append((int(row[0]), cost))
    return _Lattice(raw.num_states, raw.start, arcs, ends)


def _acceptor_of(lattice: _Lattice) -> Any:
    return _fst(lattice, [kaldifst.StdArc(arc.token, arc.token, arc.cost, arc.target) for arc in lattice.arcs])


def _transducer_of(lattice: _Lattice) -> Any:
    return _fst(lattice, [kaldifst.StdArc(arc.label, arc.token, arc.cost, arc.target) for arc in lattice.arcs])


def _fst(lattice: _Lattice, arcs: list[Any]) -> Any:
    fst: Any = kaldifst.StdVectorFst()
    for _ in range(lattice.states):
        fst.add_state()
    fst.start = lattice.start
    for arc, made in zip(lattice.arcs, arcs, strict=True):
        fst.add_arc(arc.source, made)
    for state, cost in lattice.ends:
        fst.set_final(state, cost)
    return fst
