"""Words and their sounds, read back out of the half graph."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.errors import ModelError
from edge_asr_export.graph import plain_half
from edge_asr_export.kaldi_binary import KaldiReader
from edge_asr_export.lexicon import lexicon_arrays
from edge_asr_export.transition_model import TransitionModel, read_transition_model
from tests.export import tiny_model
from tests.export.conftest import Published

POSITIONS = {1: 0, 2: 1, 3: 2, 4: 3, 5: 4}
SILENCE, BEGIN, INTERNAL, END, SINGLETON = range(1, 6)


@pytest.fixture(scope="module")
def transitions(published: Published) -> TransitionModel:
    return read_transition_model(KaldiReader.open(published.model / "am/final.mdl"))


def enter(phone: int) -> int:
    return 2 * phone - 1


def half(folder: Path, arcs: str) -> Path:
    tiny_model.shell("fstcompile > half.fst", arcs, folder)
    return folder / "half.fst"


def ways(arrays: Mapping[str, NDArray[Any]]) -> dict[str, list[list[int]]]:
    """Each word's pronunciations, out of the arrays."""
    words = arrays["letters"].tobytes().decode().splitlines()
    parts = np.split(arrays["phones"], arrays["end_of_pronunciation"][:-1])
    found: dict[str, list[list[int]]] = {}
    for number, phones in zip(arrays["word_of_pronunciation"], parts, strict=True):
        found.setdefault(words[number], []).append(phones.tolist())
    return found


def test_the_published_half_names_each_word_and_its_phones(
    published: Published, transitions: TransitionModel, tmp_path: Path
) -> None:
    plain = plain_half(published.model / "graph", tmp_path, lambda: None)
    arrays = lexicon_arrays(plain, transitions, POSITIONS, {"<eps>": 0, "hello": 1, "wörld": 2, "#0": 3})
    assert ways(arrays) == {"hello": [[BEGIN]], "wörld": [[SINGLETON]]}
    assert arrays["position_of_phone"].tolist() == [0, 0, 1, 2, 3, 4]


def test_two_ways_two_words_and_a_word_told_late(transitions: TransitionModel, tmp_path: Path) -> None:
    """`aa` and `ab` share their first phone, so their words come with the second; `b` has a mark behind it."""
    mark = tiny_model.DISAMBIGUATION
    arcs = [
        f"0 1 {enter(BEGIN)} 0",
        f"1 1 {enter(BEGIN) + 1} 0",
        f"1 2 {enter(INTERNAL)} 0",
        f"2 2 {enter(INTERNAL) + 1} 0",
        f"2 3 {enter(END)} 7",
        f"1 3 {enter(END)} 8",
        f"3 3 {enter(END) + 1} 0",
        f"3 4 {mark} 0",
        f"0 5 {enter(SINGLETON)} 0",
        f"5 5 {enter(SINGLETON) + 1} 0",
        f"5 4 {mark} 9",
        f"5 4 {mark + 1} 8",
        f"4 6 {enter(SILENCE)} 0",
        f"6 6 {enter(SILENCE) + 1} 0",
        "6 4 0 0",
        "4 0 0 0",
        "4",
    ]
    words = {"<eps>": 0, "ab": 8, "aa": 7, "b": 9, "#0": 11}
    arrays = lexicon_arrays(half(tmp_path, "\n".join(arcs) + "\n"), transitions, POSITIONS, words)
    assert ways(arrays) == {
        "aa": [[BEGIN, INTERNAL, END]],
        "ab": [[BEGIN, END], [SINGLETON]],
        "b": [[SINGLETON]],
    }
    contexts = {(before, phone): (way, loop) for before, phone, way, loop in arrays["contexts"].tolist()}
    assert contexts == {
        (0, BEGIN): (enter(BEGIN), enter(BEGIN) + 1),
        (0, SINGLETON): (enter(SINGLETON), enter(SINGLETON) + 1),
        (BEGIN, INTERNAL): (enter(INTERNAL), enter(INTERNAL) + 1),
        (BEGIN, END): (enter(END), enter(END) + 1),
        (INTERNAL, END): (enter(END), enter(END) + 1),
        **{
            pair: labels
            for pair, labels in contexts.items()
            if pair[1] == SILENCE and labels == (enter(SILENCE), enter(SILENCE) + 1)
        },
    }
    follows = arrays["follows"]
    assert (follows[0, BEGIN], follows[BEGIN, END], follows[END, 0], follows[0, SINGLETON]) == (2, 1, 2, 2)


def test_words_that_the_table_lacks_and_marks_are_left_out(transitions: TransitionModel, tmp_path: Path) -> None:
    arcs = "".join(f"0 1 {enter(SINGLETON)} {word}\n" for word in (1, 2, 3)) + "1\n"
    arrays = lexicon_arrays(half(tmp_path, arcs), transitions, POSITIONS, {"a": 1, "[noise]": 2})
    assert ways(arrays) == {"a": [[SINGLETON]]}


def test_a_half_without_words_is_refused(transitions: TransitionModel, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"half\.fst holds no word that the word table knows"):
        lexicon_arrays(half(tmp_path, f"0 1 {enter(SINGLETON)} 1\n1\n"), transitions, POSITIONS, {})
    (tmp_path / "half.fst").write_bytes(b"none")
    with pytest.raises(ModelError, match=r"half\.fst is not a graph that can be read"):
        lexicon_arrays(tmp_path / "half.fst", transitions, POSITIONS, {})
