"""What the decoder says is remembered only where that changes nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_asr.asr.onnx_file import OnnxFile
from edge_asr.asr.zipformer.transducer import Transducer
from tests.asr.zipformer.zipformers import Network, network, with_int8_decoder

CONTEXTS = [(5, 9), (1, 3), (7, 7), (2, 30)]


def transducer(model: Network) -> tuple[Transducer, OnnxFile]:
    files = {path.name.split(".")[0]: path for path in model.folder.glob("*.onnx")}
    decoder, joiner = OnnxFile(files["decoder"], 1), OnnxFile(files["joiner"], 1)
    width = joiner.inputs["encoder_out"][1][1]
    assert width is not None
    return Transducer(decoder, joiner, width, len(model.tokens), 2), decoder


def counted(decoder: OnnxFile, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many contexts each run of the decoder took."""
    runs: list[int] = []
    run = decoder.run

    def count(output: str, inputs: dict[str, Any]) -> Any:
        runs.append(len(inputs["y"]))
        return run(output, inputs)

    monkeypatch.setattr(decoder, "run", count)
    return runs


def test_a_context_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made, decoder = transducer(network("transducer"))
    together = decoder.run("decoder_out", {"y": np.array(CONTEXTS, np.int64)})
    runs = counted(decoder, monkeypatch)
    assert np.allclose(made.said(CONTEXTS), together, atol=1e-5)
    assert np.allclose(made.said(CONTEXTS[2:]), together[2:], atol=1e-5)
    assert np.allclose(made.said(CONTEXTS[:1]), together[:1], atol=1e-5)
    assert runs == [1, 1, 1, 1]


def test_contexts_of_an_int8_decoder_are_computed_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, decoder = transducer(with_int8_decoder(network("transducer"), tmp_path))
    together = decoder.run("decoder_out", {"y": np.array(CONTEXTS, np.int64)})
    alone = decoder.run("decoder_out", {"y": np.array(CONTEXTS[:1], np.int64)})
    runs = counted(decoder, monkeypatch)
    assert np.array_equal(made.said(CONTEXTS), together)
    assert np.array_equal(made.said(CONTEXTS[:1]), alone)
    assert not np.array_equal(alone, together[:1])
    assert runs == [4, 1]


@pytest.mark.parametrize(("tokens", "context"), [((), (-1, 0)), ((4,), (0, 4)), ((4, 5), (4, 5)), ((4, 5, 6), (5, 6))])
def test_the_context_is_the_end_of_what_was_said(tokens: tuple[int, ...], context: tuple[int, int]) -> None:
    made, _ = transducer(network("transducer"))
    assert made.context(tokens) == context


def test_scores_of_one_output_beside_each_path() -> None:
    made, _ = transducer(network("transducer"))
    heard = np.linspace(-1, 1, 40).astype(np.float32)
    said = made.said(CONTEXTS)
    for rows in (4, 1, 2, 4):
        scores = made.scores(heard, said[:rows]).copy()
        for row in range(rows):
            assert np.allclose(made.scores(heard, said[row : row + 1]), scores[row], atol=1e-5)
