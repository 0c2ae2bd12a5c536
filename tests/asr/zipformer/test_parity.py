"""Token for token what sherpa-onnx says of the same sound and the same files, piece by piece."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.zipformer.recognizer import ZipformerRecognizer
from edge_asr.asr.zipformer.token_path import TokenPath
from edge_asr.asr.zipformer.tokens import SPACE
from edge_asr.config import RecognizerConfig
from tests.asr.zipformer.sherpa_process import SherpaProcess
from tests.asr.zipformer.sherpa_process import network as file_of
from tests.asr.zipformer.zipformers import Alphabet, Kind, Network, network, sound, with_int8_decoder

OUTPUT_S = 0.04
TAIL = 45 * 160  # a chunk of silence, as `finish` gives it
LONG = 12 * 16_000
CUTS = [1, 160, 7360, 7479, 7480, 7481, 30_000, 30_001, 95_432]
PATHS = 4


@pytest.fixture(scope="module")
def sherpa() -> Iterator[SherpaProcess]:
    with SherpaProcess() as process:
        yield process


def options(kind: Kind, model: Network, **more: Any) -> dict[str, Any]:
    """What sherpa-onnx is to load."""
    roles = {"model": "model"} if kind == "ctc" else {role: role for role in ("encoder", "decoder", "joiner")}
    files = {role: file_of(model.folder, start) for role, start in roles.items()}
    return {"kind": kind, "tokens": str(model.folder / "tokens.txt"), **files, **more}


def beam(kind: Kind) -> dict[str, Any]:
    return {} if kind == "ctc" else {"decoding_method": "modified_beam_search", "max_active_paths": PATHS}


def said(path: TokenPath, model: Network) -> list[str]:
    """Tokens as sherpa-onnx writes them."""
    byte_level = any("ƌ" in token for token in model.tokens)
    written = [model.tokens[token] for token in path.tokens]
    return written if byte_level else [" " + one[1:] if one.startswith(SPACE) else one for one in written]


def paths_of(recognizer: ZipformerRecognizer, samples: NDArray[np.int16], cuts: Sequence[int]) -> list[TokenPath]:
    """The best path after each piece, and at the end."""
    state = recognizer.start()
    paths = []
    for begin, end in zip([0, *cuts], [*cuts, len(samples)], strict=True):
        _, state = recognizer.step(samples[begin:end], state)
        paths.append(recognizer.path(state))
    _, state = recognizer.finish(state)
    return [*paths, recognizer.path(state)]


def compare(ours: list[TokenPath], theirs: list[dict[str, Any]], model: Network) -> None:
    """Tokens are equal after every piece, and their times; shares as well as float32 can be."""
    for path, answer in zip(ours, theirs, strict=True):
        # sherpa-onnx leaves <unk> out of its tokens, not out of their times
        heard = [token for token in said(path, model) if token != "<unk>"]
        assert heard == [token for token in answer["tokens"] if token != "<unk>"]
        assert np.allclose(np.array(path.outputs) * OUTPUT_S, answer["times"], atol=1e-4)
        if answer["log_shares"]:
            assert np.allclose(path.log_shares, answer["log_shares"], atol=1e-3)


def many_things_are_said(path: TokenPath) -> None:
    """Else equality would prove nothing."""
    assert len(path.tokens) > 60
    assert len(set(path.tokens)) > 20
    assert max(path.tokens.count(token) for token in set(path.tokens)) < len(path.tokens) / 3


@pytest.mark.parametrize("int8", [False, True], ids=["float", "int8"])
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("kind", "paths"), [("transducer", 1), ("transducer", PATHS), ("ctc", 1)], ids=["greedy", "beam", "ctc"]
)
def test_the_same_tokens_after_every_piece(
    kind: Kind, paths: int, seed: int, int8: bool, sherpa: SherpaProcess
) -> None:
    model = network(kind, seed=seed, int8=int8)
    samples = sound(LONG)
    more = beam(kind) if paths > 1 else {}
    theirs = sherpa.decode(options(kind, model, **more), samples, CUTS, TAIL)
    ours = paths_of(model.recognizer(RecognizerConfig(paths=paths)), samples, CUTS)
    compare(ours, theirs, model)
    many_things_are_said(ours[-1])


def test_the_same_tokens_of_a_beam_whose_decoder_is_int8(tmp_path: Path, sherpa: SherpaProcess) -> None:
    model = with_int8_decoder(network("transducer", int8=True), tmp_path)
    samples = sound(LONG)
    theirs = sherpa.decode(options("transducer", model, **beam("transducer")), samples, CUTS, TAIL)
    ours = paths_of(model.recognizer(RecognizerConfig(paths=PATHS)), samples, CUTS)
    compare(ours, theirs, model)
    many_things_are_said(ours[-1])


@pytest.mark.parametrize("kind", ["transducer", "ctc"])
def test_the_same_tokens_at_awkward_lengths(kind: Kind, sherpa: SherpaProcess) -> None:
    model = network(kind)
    recognizer = model.recognizer()
    for length in (1, 79, 80, 159, 160, 239, 7119, 7120, 7199, 7200, 7359, 7360, 7361, 12_319, 12_320, 12_321, 12_480):
        samples = sound(length)
        compare(paths_of(recognizer, samples, []), sherpa.decode(options(kind, model), samples, [], TAIL), model)


@pytest.mark.parametrize("table", ["characters", "bytes"])
@pytest.mark.parametrize("kind", ["transducer", "ctc"])
def test_the_same_tokens_and_text_in_other_alphabets(kind: Kind, table: Alphabet, sherpa: SherpaProcess) -> None:
    model = network(kind, table)
    samples = sound(LONG)
    theirs = sherpa.decode(options(kind, model), samples, [], TAIL)
    recognizer = model.recognizer()
    ours = paths_of(recognizer, samples, [])
    compare(ours, theirs, model)
    many_things_are_said(ours[-1])


def test_the_same_text_of_pieces(sherpa: SherpaProcess) -> None:
    model = network("transducer")
    samples = sound(LONG)
    theirs = sherpa.decode(options("transducer", model), samples, [], TAIL)[-1]["text"]
    recognizer = model.recognizer()
    state = recognizer.start()
    _, state = recognizer.step(samples, state)
    hypothesis, _ = recognizer.finish(state)
    for mark in ("<sos/eos>", "<unk>"):
        theirs = theirs.replace(mark, "")
    assert hypothesis.text.split() == theirs.split()
    assert "  " not in hypothesis.text


def bpe_scores(model: Network, folder: Path) -> Path:
    """The table as sherpa-onnx's piece maker wants it: what was merged first has the highest score.

    It looks for the best sum of scores, where training merged in order: the phrases here come out alike by both.
    """
    path = folder / "bpe.vocab"
    path.write_text("".join(f"{token}\t{-number}\n" for number, token in enumerate(model.tokens)), encoding="utf-8")
    return path


@pytest.mark.parametrize("int8", [False, True], ids=["float", "int8"])
@pytest.mark.parametrize(
    ("table", "unit", "phrases"),
    [
        ("pieces", "bpe", ["THE NET :3", "RES", "E", "HETE :0.5", "SEA EAS", "NET RES :1"]),
        ("characters", "cjkchar", None),
    ],
    ids=["pieces", "characters"],
)
def test_the_same_tokens_with_phrases_to_listen_for(
    table: Alphabet, unit: str, phrases: list[str] | None, int8: bool, sherpa: SherpaProcess, tmp_path: Path
) -> None:
    model = network("transducer", table, int8=int8)
    if phrases is None:
        one, two, three, four = model.tokens[5:9]
        phrases = [one + two, f"{two}{three}{four} :2.5", three + three, f"{four}{one}{two}", f"{one}{two}{four}"]
    file = tmp_path / "hotwords.txt"
    file.write_text("\n".join(phrases) + "\n", encoding="utf-8")
    more = {"hotwords_file": str(file), "hotwords_score": 2.0, "modeling_unit": unit} | beam("transducer")
    if unit == "bpe":
        more["bpe_vocab"] = str(bpe_scores(model, tmp_path))
    samples = sound(LONG)
    theirs = sherpa.decode(options("transducer", model, **more), samples, CUTS, TAIL)
    choices = RecognizerConfig(hotwords_file=str(file), hotwords_score=2.0)
    ours = paths_of(model.recognizer(choices), samples, CUTS)
    compare(ours, theirs, model)
    many_things_are_said(ours[-1])
    without = paths_of(model.recognizer(RecognizerConfig(paths=PATHS)), samples, [])[-1]
    assert ours[-1].tokens != without.tokens
