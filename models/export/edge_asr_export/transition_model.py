"""Kaldi's transition model: what each transition id means. It stands before the network in `final.mdl`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_asr_export.kaldi_binary import KaldiReader

_NO_PDF = -1


@dataclass(frozen=True)
class TransitionModel:
    """Arrays (labels + 1,) indexed by transition id; index 0 is epsilon: no pdf (-1), phone 0, no loop."""

    pdf_of_label: NDArray[np.int32]
    phone_of_label: NDArray[np.int32]
    self_loop_of_label: NDArray[np.bool_]

    @property
    def labels(self) -> int:
        """How many transition ids there are; they count from 1."""
        return len(self.pdf_of_label) - 1


Topology = list[list[list[int]]]  # entry -> state -> destinations of its transitions


def read_transition_model(reader: KaldiReader) -> TransitionModel:
    """Transition model at the cursor, which then stands behind it. ModelError when it is none.

    Source: Kaldi's TransitionModel and HmmTopology; a self-loop has the state's own pdf, any other the forward one.
    """
    reader.expect("<TransitionModel>")
    entry_of_phone, topology = _read_topology(reader)
    tuples = reader.token()
    if tuples not in {"<Tuples>", "<Triples>"}:
        raise reader.fault(f"found {tuples!r}, expected <Tuples> or <Triples>")
    pdfs, phones, loops = [_NO_PDF], [0], [False]
    for _ in range(reader.integer()):
        phone, state, forward_pdf = reader.integer(), reader.integer(), reader.integer()
        loop_pdf = reader.integer() if tuples == "<Tuples>" else forward_pdf
        try:
            destinations = topology[entry_of_phone[phone]][state]
        except IndexError as error:
            raise reader.fault(f"phone {phone} has no state {state}") from error
        pdfs += [loop_pdf if destination == state else forward_pdf for destination in destinations]
        phones += [phone] * len(destinations)
        loops += [destination == state for destination in destinations]
    reader.expect(tuples.replace("<", "</"), "<LogProbs>")
    reader.array()  # the probabilities are in the graph already
    reader.expect("</LogProbs>", "</TransitionModel>")
    return TransitionModel(np.array(pdfs, np.int32), np.array(phones, np.int32), np.array(loops, np.bool_))


def _read_topology(reader: KaldiReader) -> tuple[list[int], Topology]:
    """Entry of each phone, and the entries."""
    reader.expect("<Topology>")
    reader.integers()  # the phones, once more
    entry_of_phone = reader.integers()
    count = reader.integer()
    two_pdfs = count == -1  # marks the newer layout: forward and self-loop pdf apart
    if two_pdfs:
        count = reader.integer()
    topology = [[_read_state(reader, two_pdfs=two_pdfs) for _ in range(reader.integer())] for _ in range(count)]
    reader.expect("</Topology>")
    return entry_of_phone, topology


def _read_state(reader: KaldiReader, *, two_pdfs: bool) -> list[int]:
    """Destinations of one state's transitions."""
    reader.integer()
    if two_pdfs:
        reader.integer()
    destinations = []
    for _ in range(reader.integer()):
        destinations.append(reader.integer())
        reader.real()
    return destinations
