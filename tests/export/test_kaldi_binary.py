"""Kaldi's binary format: what is written is read, and what is cut off is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edge_asr.errors import ModelError
from edge_asr_export.kaldi_binary import KaldiReader
from edge_asr_export.nnet3 import read_nnet3
from edge_asr_export.transition_model import read_transition_model
from tests.export import kaldi_files as kaldi
from tests.export.tiny_model import transitions
from tests.export.tiny_network import TinyNetwork

MODEL = kaldi.MAGIC + transitions() + TinyNetwork([([-1, 0], [0, 1])]).data()
REALS = st.floats(-1e6, 1e6, width=32)


def reader(data: bytes) -> KaldiReader:
    return KaldiReader(kaldi.MAGIC + data, "x.mdl")


@given(
    st.integers(-(2**31), 2**31 - 1),
    REALS,
    st.lists(st.integers(-(2**31), 2**31 - 1), max_size=5),
    arrays(np.float32, array_shapes(max_dims=2, max_side=5), elements=REALS),
    arrays(np.float64, array_shapes(max_dims=2, max_side=5), elements=st.floats(-1e6, 1e6)),
)
def test_what_is_written_is_read(
    number: int, value: float, several: list[int], single: kaldi.Array, double: kaldi.Array
) -> None:
    data = kaldi.token("<A>") + kaldi.integer(number) + kaldi.real(value) + kaldi.double(value)
    cursor = reader(data + kaldi.integers(several) + kaldi.array(single) + kaldi.array(double))
    cursor.expect("<A>")
    assert (cursor.integer(), cursor.real(), cursor.real(), cursor.integers()) == (number, value, value, several)
    for wanted in (single, double):
        found = cursor.array()
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)
    assert cursor.peek() == b""


@given(arrays(np.float64, (4, 4), elements=st.floats(-1e6, 1e6)))
def test_a_packed_symmetric_matrix_comes_out_full(half: kaldi.Array) -> None:
    whole = half + half.T
    np.testing.assert_array_equal(reader(kaldi.symmetric(whole)).array(), whole)


def test_a_model_cut_off_anywhere_is_a_model_error() -> None:
    def read(data: bytes) -> None:
        cursor = KaldiReader(data, "final.mdl")
        read_transition_model(cursor)
        read_nnet3(cursor)

    read(MODEL)
    end = MODEL.index(kaldi.token("<Priors>")) - 1
    for length in range(0, end, 7):
        with pytest.raises(ModelError, match=r"final\.mdl"):
            read(MODEL[:length])


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"<A>", "expected a token"),
        (kaldi.token("<B>"), "found '<B>', expected '<A>'"),
        (kaldi.token("<A>") + b"\3", "a number of 3 bytes"),
        (kaldi.token("<A>") + b"\4\1", "3 bytes too early"),
    ],
)
def test_a_fault_names_file_and_place(data: bytes, complaint: str) -> None:
    def read() -> None:
        cursor = reader(data)
        cursor.expect("<A>")
        cursor.integer()

    with pytest.raises(ModelError, match=rf"x\.mdl is corrupt .* at byte \d+: .*{complaint}"):
        read()


def test_sizes_beyond_reason_are_refused() -> None:
    with pytest.raises(ModelError, match="an array of -1 values"):
        reader(kaldi.token("FV") + kaldi.integer(-1)).array()
    with pytest.raises(ModelError, match="an array of 2147483647 values"):
        reader(kaldi.token("FV") + kaldi.integer(2**31 - 1)).array()
    with pytest.raises(ModelError, match="is no array"):
        reader(kaldi.token("CM")).array()


def test_another_kind_of_file_is_refused() -> None:
    with pytest.raises(ModelError, match=r"x\.mdl is not a binary Kaldi file: it begins with b'PK'"):
        KaldiReader(b"PK\3\4", "x.mdl")
