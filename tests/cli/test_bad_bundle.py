"""A bundle that is missing, corrupt or foreign: one line with the file and the fix, before anything computes."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge_asr.demo.sample import sample
from edge_asr.errors import EXIT_CONFIG
from tests.cli.bundles import JUNK, NAME, copy_bundle, file_of, own_copy
from tests.cli.command import edge_asr, the_one_line
from tests.cli.foreign_network import another_models_network, network_of_another_context

_PULL_AGAIN = "run: edge-asr models pull en --force"


@pytest.mark.parametrize("command", [["run", "--set", "mqtt.enabled=false"], ["transcribe", "x.wav"]])
def test_a_bundle_that_is_not_there(command: list[str], tmp_path: Path) -> None:
    line = the_one_line(edge_asr(tmp_path, *command, EDGE_ASR_MODELS=str(tmp_path / "none")), EXIT_CONFIG)
    assert line == f"there is no model 'en' in {tmp_path / 'none'}; run: edge-asr models pull en"


def arrays(role: str, **changed: np.ndarray | None) -> bytes:
    """The real .npz file with some arrays changed, or left out."""
    with np.load(file_of(role)) as real:
        content = {**real, **changed}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **{name: array for name, array in content.items() if array is not None})
    return buffer.getvalue()


def a_single_array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.arange(10))
    return buffer.getvalue()


def damaged_zip(role: str) -> bytes:
    data = bytearray(file_of(role).read_bytes())
    data[len(data) // 2] ^= 0xFF
    return bytes(data)


def graph_head(count: int) -> bytes:
    with file_of("graph").open("rb") as file:
        return file.read(count)


def small_graph(label: int, word: int, to: int) -> bytes:
    """A whole const FST of two states and one arc."""
    text = struct.pack("<i", 5) + b"const" + struct.pack("<i", 8) + b"standard"
    head = struct.pack("<i", 2125659606) + text + struct.pack("<iiQqqq", 2, 0, 0, 0, 2, 1)
    states = struct.pack("<fIIII", float("inf"), 0, 1, 0, 0) + struct.pack("<fIIII", 0.0, 1, 0, 0, 0)
    return head + states + struct.pack("<iifi", label, word, 0.0, to)


CORRUPT: dict[str, tuple[str, Callable[[], bytes | None], str]] = {
    "no network": ("network", lambda: None, "is missing"),
    "garbage for a network": ("network", lambda: JUNK, "is not a network that onnxruntime can load"),
    "half a network": ("network", lambda: file_of("network").read_bytes()[:100_000], "is not a network"),
    "another model's network": ("network", another_models_network, "is a foreign network"),
    "a network of another context": ("network", lambda: network_of_another_context(40, 30, 2192), "expected (2, 2192)"),
    "no labels": ("labels", lambda: None, "is missing"),
    "garbage for labels": ("labels", lambda: JUNK, "is not a file of arrays"),
    "half of the labels": ("labels", lambda: file_of("labels").read_bytes()[:9000], "is not a file of arrays"),
    "a flipped byte in the labels": ("labels", lambda: damaged_zip("labels"), "labels.npz"),
    "a single array for labels": ("labels", a_single_array, "is not a file of arrays"),
    "an array is missing": ("labels", lambda: arrays("labels", self_loop_of_label=None), "no array 'self_loop_of"),
    "labels of a smaller model": ("labels", lambda: arrays("labels", pdf_of_label=np.zeros(9, int)), "shape (9,)"),
    "labels of a wider network": (
        "labels",
        lambda: arrays("labels", pdf_of_label=np.full(3087, 2192)),
        "pdf_of_label goes from 2192 to 2192, expected 0 to 2191",
    ),
    "objects for labels": ("labels", lambda: arrays("labels", pdf_of_label=np.array([{}])), "labels.npz"),
    "garbage for ivectors": ("ivector", lambda: JUNK, "is not a file of arrays"),
    "ivectors of other frames": ("ivector", lambda: arrays("ivector", cmvn_mean=np.zeros(13)), "expected (40,)"),
    "ivectors that are not numbers": (
        "ivector",
        lambda: arrays("ivector", cmvn_mean=np.full(40, np.nan)),
        "no finite number",
    ),
    "longer ivectors": ("ivector", lambda: arrays("ivector", ivector_dim=np.array(100)), "the manifest says 30"),
    "garbage for words": ("words", lambda: JUNK, "is not UTF-8 text at byte 128"),
    "words without numbers": ("words", lambda: b"hello\nworld\n", "has a line 'hello'; expected WORD<TAB>NUMBER"),
    "too few words": ("words", lambda: b"<eps>\t0\nhello\t1\n", "graph.fst names a word"),
    "no graph": ("graph", lambda: None, "is missing"),
    "garbage for a graph": ("graph", lambda: JUNK, "is not a decoding graph"),
    "a graph's head": ("graph", lambda: graph_head(40), "ends within the header"),
    "half a graph": ("graph", lambda: graph_head(500_000), "its own header says"),
    "a graph over other labels": (
        "graph",
        lambda: small_graph(3087, 1, 1),
        "a label 3087, expected 0 to 3086",
    ),
    "a graph over other words": ("graph", lambda: small_graph(1, 999_999, 1), "names a word 999999"),
    "a graph that leads nowhere": ("graph", lambda: small_graph(1, 1, 7), "names a state 7, expected 0 to 1"),
}


@pytest.mark.bundle
@pytest.mark.parametrize("case", CORRUPT)
def test_a_corrupt_bundle_is_refused_before_anything_computes_with_it(case: str, tmp_path: Path) -> None:
    role, data, said = CORRUPT[case]
    models = copy_bundle(tmp_path / "models", {role: data()})
    line = the_one_line(edge_asr(tmp_path, "transcribe", str(sample()[4]), EDGE_ASR_MODELS=str(models)), EXIT_CONFIG)
    assert said in line
    assert line.endswith(_PULL_AGAIN)
    assert str(models / NAME) in line


@pytest.mark.bundle
def test_the_daemon_does_not_start_with_a_corrupt_bundle(tmp_path: Path) -> None:
    models = copy_bundle(tmp_path / "models", {"labels": JUNK})
    done = edge_asr(tmp_path, "run", "--set", "mqtt.enabled=false", EDGE_ASR_MODELS=str(models))
    assert "is not a file of arrays" in the_one_line(done, EXIT_CONFIG)


@pytest.mark.bundle
def test_a_file_of_another_size_than_the_manifest_says(tmp_path: Path) -> None:
    models = copy_bundle(tmp_path / "models", {"words": b"<eps>\t0\n"}, admitted=False)
    line = the_one_line(edge_asr(tmp_path, "transcribe", "x.wav", EDGE_ASR_MODELS=str(models)), EXIT_CONFIG)
    assert line.startswith(f"{models / NAME / 'words.txt'} has 8 bytes, the manifest says ")
    assert line.endswith(_PULL_AGAIN)


@pytest.mark.bundle
@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "manifest.json is missing"), ("{", "is not a manifest"), ("[]", "is not a manifest"), ("\xff", "is not a")],
)
def test_a_bundle_without_a_good_manifest(text: str | None, said: str, tmp_path: Path) -> None:
    models = copy_bundle(tmp_path / "models")
    manifest = models / NAME / "manifest.json"
    manifest.unlink()
    if text is not None:
        manifest.write_bytes(text.encode("latin-1"))
    line = the_one_line(edge_asr(tmp_path, "transcribe", "x.wav", EDGE_ASR_MODELS=str(models)), EXIT_CONFIG)
    assert said in line
    assert line.endswith(_PULL_AGAIN)


@pytest.mark.bundle
def test_a_flipped_byte_is_found_by_its_checksum(tmp_path: Path) -> None:
    path = own_copy(tmp_path / "models", "network_float")
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    line = the_one_line(edge_asr(tmp_path, "models", "verify", EDGE_ASR_MODELS=str(tmp_path / "models")), EXIT_CONFIG)
    assert line.startswith(f"{path} is corrupt: sha256 ")
    assert line.endswith(_PULL_AGAIN)
