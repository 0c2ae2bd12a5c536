"""What a transition id means."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.kaldi.labels import Labels
from edge_asr.errors import ModelError
from edge_asr_export.kaldi_binary import KaldiReader
from edge_asr_export.kaldi_text import POSITIONS
from edge_asr_export.label_arrays import distinct, label_arrays
from edge_asr_export.transition_model import read_transition_model
from tests.export import kaldi_files as kaldi
from tests.export.conftest import Published
from tests.export.tiny_model import LABELS, transitions


def read(data: bytes) -> list[list[int]]:
    model = read_transition_model(KaldiReader(kaldi.MAGIC + data, "final.mdl"))
    return [model.pdf_of_label.tolist(), model.phone_of_label.tolist(), model.self_loop_of_label.tolist()]


def test_loop_and_forward_transition_have_their_own_pdfs() -> None:
    pdfs, phones, loops = read(transitions())
    assert len(pdfs) == LABELS + 1
    assert pdfs == [-1, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8]
    assert phones == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert loops == [False] + [True, False] * 5


def test_ids_that_mean_the_same_to_search_and_words_are_one_label() -> None:
    begin, internal, end, nonword = (POSITIONS[place] for place in ("begin", "internal", "end", "nonword"))
    arrays: dict[str, NDArray[np.generic]] = {
        "pdf_of_label": np.array([-1, 7, 3, 7, 3, 7, 7, 7, 7], np.int32),
        "phone_of_label": np.array([0, 5, 5, 6, 6, 7, 5, 2, 3], np.int32),
        "position_of_label": np.array(
            [nonword, begin, begin, internal, internal, end, begin, nonword, nonword], np.uint8
        ),
        "self_loop_of_label": np.array([False, False, True, False, True, True, True, False, True]),
        "silence_phones": np.array([2], np.int32),
    }
    fewer, label_of = distinct(arrays)
    # the way into a word alone, its loops and what is inside as one, another output, silence, and noise that is none
    assert label_of.tolist() == [0, 1, 2, 3, 2, 3, 3, 4, 5]
    before, after = Labels.of(arrays), Labels.of(fewer)
    for name in ("pdf_of_label", "silence_of_label", "enters_of_label", "breaks_of_label"):
        assert (getattr(after, name)[label_of] == getattr(before, name)).all()
        assert len(getattr(after, name)) == 6
    assert fewer["silence_phones"].tolist() == [2]


def test_the_older_layout_has_one_pdf_for_both() -> None:
    """One phone of one state: `hmm` topology without self-loop classes, `<Triples>` of phone, state, pdf."""
    data = kaldi.token("<TransitionModel>", "<Topology>") + kaldi.integers([1]) + kaldi.integers([-1, 0])
    data += kaldi.integer(1) + kaldi.integer(2) + kaldi.integer(0) + kaldi.integer(2)
    data += kaldi.integer(0) + kaldi.real(0.5) + kaldi.integer(1) + kaldi.real(0.5)
    data += kaldi.integer(-1) + kaldi.integer(0) + kaldi.token("</Topology>", "<Triples>") + kaldi.integer(1)
    data += kaldi.integer(1) + kaldi.integer(0) + kaldi.integer(7) + kaldi.token("</Triples>", "<LogProbs>")
    data += kaldi.token("FV") + kaldi.integer(0) + kaldi.token("</LogProbs>", "</TransitionModel>")
    assert read(data) == [[-1, 7, 7], [0, 1, 1], [False, True, False]]


def test_a_phone_without_topology_is_refused() -> None:
    with pytest.raises(ModelError, match="phone 9 has no state 0"):
        read(transitions().replace(kaldi.integer(5) + kaldi.integer(0), kaldi.integer(9) + kaldi.integer(0), 1))


def test_a_phone_without_a_place_in_words_is_refused(published: Published, tmp_path: Path) -> None:
    model = read_transition_model(KaldiReader(kaldi.MAGIC + transitions(), "final.mdl"))
    arrays = label_arrays(model, published.model)
    assert arrays["silence_phones"].tolist() == [1]
    for name in ("conf", "graph/phones"):
        (tmp_path / name).mkdir(parents=True)
    boundary, options = tmp_path / "graph/phones/word_boundary.int", tmp_path / "conf/model.conf"
    boundary.write_text("1 nonword\n2 begin\n")
    options.write_text("--endpoint.silence-phones=1:2\n")
    with pytest.raises(ModelError, match=r"lacks the phones \[3, 4, 5\]"):
        label_arrays(model, tmp_path)
    boundary.write_text("1 middle\n")
    with pytest.raises(ModelError, match="'1 middle', expected a phone and one of nonword, begin"):
        label_arrays(model, tmp_path)
    options.write_text("--endpoint.silence-phones=SIL\n")
    boundary.write_text("1 nonword\n")
    with pytest.raises(ModelError, match="silence-phones='SIL'"):
        label_arrays(model, tmp_path)
