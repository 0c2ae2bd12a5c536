"""The graph tools, where they are missing or fail."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kaldifst
import numpy as np
import pytest

from edge_asr.errors import ModelError
from edge_asr_export import graph as graph_module
from edge_asr_export.graph import Growth, check_tools, compose_graph
from tests.export.conftest import Published
from tests.export.tiny_model import DISAMBIGUATION, LABELS


def test_missing_plugins_are_named_with_their_package(tmp_path: Path) -> None:
    folder = tmp_path / "some-linux-gnu/fst/22"
    folder.mkdir(parents=True)
    with pytest.raises(
        ModelError, match=r"needs olabel_lookahead-fst\.so, ngram-fst\.so; run: sudo apt install libfst"
    ):
        check_tools(tmp_path)
    (folder / "olabel_lookahead-fst.so").write_text("")
    with pytest.raises(ModelError, match=r"needs ngram-fst\.so; run: .*libfst22-plugins-base"):
        check_tools(tmp_path)
    (folder / "ngram-fst.so").write_text("")
    assert str(folder) in check_tools(tmp_path)["LD_LIBRARY_PATH"]


def compose(source: Path, work: Path) -> None:
    same = np.arange(LABELS + 1, dtype=np.int32)
    compose_graph(source, work / "graph.fst", work / "words.txt", work, lambda: None, Growth("en"), same)


def test_transition_ids_become_the_labels_that_are_wanted(published: Published, tmp_path: Path) -> None:
    label_of = np.arange(LABELS + 1, dtype=np.int32)
    label_of[[9, 10]] = 3, 4
    graph = tmp_path / "graph.fst"
    source = published.model / "graph"
    compose_graph(source, graph, tmp_path / "words.txt", tmp_path, lambda: None, Growth("en"), label_of)
    lines = [line.split() for line in kaldifst.StdConstFst.read(str(graph)).to_str().splitlines()]
    assert {int(line[2]) for line in lines if len(line) > 2} == {0, 1, 3, 4}
    assert DISAMBIGUATION > LABELS


def test_ways_are_parted_then_what_is_alike_is_one_then_it_is_put_in_order(
    published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reads what the one before has written, and no more than two graphs are on the disk at one time."""
    done: list[tuple[str, str, str, int]] = []
    for name in ("part_seldom", "merge_alike", "put_near"):
        real = getattr(graph_module, name)

        def spy(source: Path, target: Path, tick: Callable[[], None], name: str = name, real: Any = real) -> None:
            real(source, target, tick)
            done.append((name, source.name, target.name, len(list(tmp_path.glob("*.fst")))))

        monkeypatch.setattr(graph_module, name, spy)
    compose(published.model / "graph", tmp_path)
    assert done == [
        ("part_seldom", "whole.fst", "parted.fst", 2),
        ("merge_alike", "parted.fst", "merged.fst", 2),
        ("put_near", "merged.fst", "graph.fst", 2),
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graph.fst", "relabel.txt", "words.txt"]


def test_a_corrupt_half_is_a_model_error(published: Published, tmp_path: Path) -> None:
    source = tmp_path / "graph"
    shutil.copytree(published.model / "graph", source)
    work = tmp_path / "work"
    work.mkdir()
    compose(source, work)
    (source / "HCLr.fst").write_bytes((source / "HCLr.fst").read_bytes()[:100])
    with pytest.raises(ModelError, match="fstcompose failed"):
        compose(source, work)
    (source / "Gr.fst").write_bytes(b"none")
    with pytest.raises(ModelError, match="fstsymbols failed"):
        compose(source, work)


def test_a_grammar_without_words_is_refused(published: Published, tmp_path: Path) -> None:
    source, work = tmp_path / "graph", tmp_path / "work"
    shutil.copytree(published.model / "graph", source)
    work.mkdir()
    compose(source, work)
    bare = work / "bare.fst"
    clear = ["fstsymbols", "--clear_isymbols", "--clear_osymbols", str(source / "Gr.fst"), str(bare)]
    subprocess.run(clear, env=check_tools(), check=True)
    bare.rename(source / "Gr.fst")
    (work / "words.txt").unlink()
    with pytest.raises(ModelError, match=r"Gr\.fst carries no words"):
        compose(source, work)
