"""What a transition id means."""

from pathlib import Path

import numpy as np
import pytest

from edge_asr.errors import ModelError
from edge_asr_export.kaldi_binary import KaldiReader
from edge_asr_export.label_arrays import label_arrays
from edge_asr_export.transition_model import TransitionModel, read_transition_model
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


def test_ids_that_sound_alike_are_one_label() -> None:
    model = TransitionModel(
        np.array([-1, 7, 3, 7, 3, 7, 7], np.int32),
        np.array([0, 1, 1, 1, 2, 1, 1], np.int32),
        np.array([False, False, True, False, True, True, False]),
    )
    alike, label_of = model.distinct()
    assert label_of.tolist() == [0, 1, 2, 1, 3, 4, 1]
    assert alike.labels == 4
    for name in ("pdf_of_label", "phone_of_label", "self_loop_of_label"):
        assert (getattr(alike, name)[label_of] == getattr(model, name)).all()


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
