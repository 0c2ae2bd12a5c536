"""The trial of a new bundle notices what was written wrong."""

import shutil
from dataclasses import replace as replace_fields
from pathlib import Path

import msgspec
import onnx
import pytest
from onnx import numpy_helper

from edge_asr.asr.bundle import Bundle, of_family
from edge_asr.asr.manifest import KaldiManifest
from edge_asr.errors import ModelError
from edge_asr_export.pull import pull
from edge_asr_export.self_check import check_built
from tests.export.conftest import Published, Quiet


@pytest.fixture
def bundle(index: Published, quiet: Quiet, tmp_path: Path) -> Bundle[KaldiManifest]:
    return of_family(pull(index.entry, tmp_path, quiet), KaldiManifest)


def test_a_good_bundle_passes(bundle: Bundle[KaldiManifest]) -> None:
    check_built(bundle)


def test_another_width_is_noticed(bundle: Bundle[KaldiManifest]) -> None:
    wrong = replace_fields(bundle, manifest=msgspec.structs.replace(bundle.manifest, pdfs=9))
    with pytest.raises(ModelError, match=r"network\.onnx gives \(40, 10\), expected \(40, 9\)"):
        check_built(wrong)


def test_a_wrong_context_is_noticed(bundle: Bundle[KaldiManifest]) -> None:
    wrong = replace_fields(bundle, manifest=msgspec.structs.replace(bundle.manifest, left_context_frames=3))
    with pytest.raises(ModelError, match=r"gives \(39, 10\), expected \(40, 10\)"):
        check_built(wrong)


def test_spoiled_int8_weights_are_noticed(bundle: Bundle[KaldiManifest]) -> None:
    path = bundle.path("network")
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.INT8 and len(tensor.dims) == 2:
            tensor.CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(tensor), tensor.name))
    onnx.save(model, path)
    with pytest.raises(ModelError, match=r"int8 network has lost its way: correlation"):
        check_built(bundle)


def test_a_graph_that_is_none_is_noticed(bundle: Bundle[KaldiManifest]) -> None:
    shutil.copy(bundle.path("words"), bundle.path("graph"))
    with pytest.raises(ModelError, match=r"graph\.fst is not a graph"):
        check_built(bundle)
