"""The graph tools, where they are missing or fail."""

import shutil
from pathlib import Path

import pytest

from edge_asr.errors import ModelError
from edge_asr_export.graph import check_tools, compose_graph
from tests.export.conftest import Published


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
    compose_graph(source, work / "graph.fst", work / "words.txt", work, lambda: None, "en")


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
    (work / "grammar.fst").rename(source / "Gr.fst")  # the step before has cleared its symbols
    (work / "words.txt").unlink()
    with pytest.raises(ModelError, match=r"Gr\.fst carries no words"):
        compose(source, work)
