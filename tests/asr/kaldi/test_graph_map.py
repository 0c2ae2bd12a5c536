"""The graph is mapped where it can be, read where not, and is the same graph either way."""

import contextlib
import ctypes
import mmap
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kaldifst
import numpy as np
import pytest

from edge_asr.asr.kaldi import graph_map
from edge_asr.asr.kaldi.graph_file import GraphHeader, check_graph_file
from edge_asr.asr.kaldi.graph_map import open_graph
from edge_asr.errors import ModelError

_MAP_FIXED_NOREPLACE = 0x100000
TEXT = "0 1 1 1 0.5\n1 1 2 0 0.25\n1 2 3 2\n2 0.75\n"


def const_fst(path: Path, *, aligned: bool, text: str = TEXT) -> Path:
    vector = path.with_suffix(".vector")
    kaldifst.compile(text, acceptor=False).write(str(vector))
    subprocess.run(
        ["fstconvert", f"--fst_align={str(aligned).lower()}", "--fst_type=const", str(vector), str(path)], check=True
    )
    return path


def content(fst: Any) -> list[tuple[int, int, int, float, int]]:
    arcs = []
    for state in range(fst.num_states):
        arcs += [(state, a.ilabel, a.olabel, a.weight.value, a.nextstate) for a in kaldifst.ArcIterator(fst, state)]
    return arcs


@pytest.mark.parametrize("aligned", [True, False])
def test_a_graph_is_the_same_mapped_and_read(aligned: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = const_fst(tmp_path / "graph.fst", aligned=aligned)
    assert check_graph_file(path, 3, np.ones(3, np.bool_)) is aligned
    graph = open_graph(path, mappable=aligned)
    assert graph.mapped is aligned
    before = content(graph.fst)
    assert before == content(kaldifst.StdConstFst.read(str(path)))
    assert len(before) == 3
    graph.relieve()
    assert content(graph.fst) == before
    assert capfd.readouterr().err == ""


def test_what_others_read_afterwards_is_read(tmp_path: Path) -> None:
    path = const_fst(tmp_path / "graph.fst", aligned=True)
    open_graph(path, mappable=True)
    other = const_fst(tmp_path / "other.fst", aligned=True)
    fst = kaldifst.StdConstFst.read(str(other))
    assert "other.fst" not in Path("/proc/self/maps").read_text("utf8")
    assert content(fst)


def test_a_library_without_the_flag_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = const_fst(tmp_path / "graph.fst", aligned=True)
    monkeypatch.setattr(graph_map, "_SYMBOL", "no_such_symbol")
    graph = open_graph(path, mappable=True)
    assert not graph.mapped
    graph.relieve()
    assert len(content(graph.fst)) == 3


def chain(states: int) -> str:
    return "".join(f"{state} {state + 1} 1 2 0.5\n{state} {state} 1 0\n" for state in range(states)) + f"{states}\n"


CHAIN, LONG_CHAIN = chain(20_000), chain(100_000)
STATES_KIB, ARCS_KIB = 20_000 * 20 // 1024, 40_000 * 16 // 1024


@pytest.mark.parametrize(
    ("most_bytes", "kept_bytes", "left_kib"),
    [
        (1 << 40, 0, STATES_KIB + ARCS_KIB),
        (0, 0, 0),
        (0, 260_000, 260_000 // 1024),
        (0, 1 << 30, STATES_KIB + ARCS_KIB),
    ],
)
def test_pages_of_all_but_the_first_states_go_when_they_have_become_many(
    most_bytes: int, kept_bytes: int, left_kib: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_map, "_MOST_BYTES", most_bytes)
    monkeypatch.setattr(graph_map, "KEPT_BYTES", kept_bytes)
    path = const_fst(tmp_path / "graph.fst", aligned=True, text=CHAIN)
    graph = open_graph(path, mappable=True)
    before = content(graph.fst)
    assert resident_kib(path) >= STATES_KIB + ARCS_KIB - 8
    graph.relieve()
    assert left_kib - 8 <= resident_kib(path) <= left_kib + 24  # whole pages, at both ends of both parts
    assert content(graph.fst) == before


@pytest.mark.parametrize("kept_bytes", [0, 260_000, 1 << 30])
def test_the_first_states_and_their_own_arcs_stay(
    kept_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_map, "KEPT_BYTES", kept_bytes)
    path = const_fst(tmp_path / "graph.fst", aligned=True, text=CHAIN)
    arcs_at, states_end, arcs_end = graph_map._kept_ends(path)
    header = GraphHeader.read(path)
    states, arcs = (states_end - header.states_at) // 20, (arcs_end - arcs_at) // 16
    assert arcs_at == header.arcs_at
    assert arcs == 2 * states
    assert states == min(kept_bytes // 52, 20_000)


@pytest.fixture
def bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_map, "KEPT_BYTES", 1_300_000)
    monkeypatch.setattr(graph_map, "_MOST_BYTES", 2_500_000)
    monkeypatch.setattr(graph_map, "_SLACK_PAGES", 100)


def look(fst: Any, states: range) -> None:
    assert all(arc.ilabel == 1 for state in states for arc in kaldifst.ArcIterator(fst, state))


@contextlib.contextmanager
def held(path: Path, size: int) -> Iterator[None]:
    """Another file, mapped and looked at."""
    path.write_bytes(bytes(size))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as view:
        assert not sum(view[::4096])
        yield


@pytest.mark.usefixtures("bounds")
def test_what_other_files_come_to_hold_is_not_the_graph_s(tmp_path: Path) -> None:
    path = const_fst(tmp_path / "graph.fst", aligned=True, text=LONG_CHAIN)
    graph = open_graph(path, mappable=True)
    with held(tmp_path / "other", 4 << 20):
        graph.relieve()  # too much is held, though none of it is the graph's
        touched = [arc.nextstate for arc in kaldifst.ArcIterator(graph.fst, 95_000)]
        kept_kib = resident_kib(path)
        graph.relieve()
        assert resident_kib(path) == kept_kib
        assert touched == [95_001, 95_000]


@pytest.mark.usefixtures("bounds")
def test_what_other_files_have_let_go_is_not_the_graph_s_to_take(tmp_path: Path) -> None:
    path = const_fst(tmp_path / "graph.fst", aligned=True, text=LONG_CHAIN)
    with held(tmp_path / "other", 2_000_000):
        graph = open_graph(path, mappable=True)
    for _ in range(3):
        assert len(content(graph.fst)) == 200_000
        graph.relieve()
    first_kib = 1_300_000 // 1024
    assert first_kib - 8 <= resident_kib(path) <= first_kib + 24
    look(graph.fst, range(95_000, 97_500))
    before_kib = resident_kib(path)
    graph.relieve()
    assert resident_kib(path) == before_kib > first_kib + 24  # that much there is room for
    look(graph.fst, range(45_000, 99_500))
    graph.relieve()
    assert resident_kib(path) <= first_kib + 24  # and no more


def test_memory_that_takes_the_place_of_another_graph_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = const_fst(tmp_path / "graph.fst", aligned=True)
    before = open_graph(path, mappable=True)
    monkeypatch.setattr(graph_map, "KEPT_BYTES", 0)
    places = [(begin, end - begin) for begin, end in mapped(path)]
    graph = open_graph(path, mappable=True)
    del before
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    fixed_anonymous = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_FIXED_NOREPLACE
    for begin, size in places:
        assert libc.mmap(begin, size, mmap.PROT_READ | mmap.PROT_WRITE, fixed_anonymous, -1, 0) == begin
        ctypes.memset(begin, 7, size)
    monkeypatch.setattr(graph_map, "_MOST_BYTES", 0)
    monkeypatch.setattr(graph, "_before_pages", 0)
    graph.relieve()
    try:
        assert [ctypes.string_at(begin, size) for begin, size in places] == [b"\7" * size for _, size in places]
    finally:
        for begin, size in places:
            libc.munmap(ctypes.c_void_p(begin), ctypes.c_size_t(size))


def mapped(path: Path) -> list[tuple[int, int]]:
    lines = Path("/proc/self/maps").read_text("utf8").splitlines()
    spans = [line.split()[0].split("-") for line in lines if line.endswith(str(path))]
    return [(int(begin, 16), int(end, 16)) for begin, end in spans]


def resident_kib(path: Path) -> int:
    """Of a file that is mapped in this process."""
    total, ours = 0, False
    for line in Path("/proc/self/smaps").read_text("utf8").splitlines():
        if "-" in line.split(" ", 1)[0] and ":" not in line.split(" ", 1)[0]:
            ours = line.endswith(str(path))
        elif ours and line.startswith("Rss:"):
            total += int(line.split()[1])
    return total


def test_a_symbol_that_is_something_else_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = const_fst(tmp_path / "graph.fst", aligned=True)
    monkeypatch.setattr(graph_map, "_SYMBOL", "FST_FLAGS_fst_default_cache_gc_limit")
    assert not open_graph(path, mappable=True).mapped


def test_what_openfst_refuses_is_told(tmp_path: Path) -> None:
    path = tmp_path / "graph.fst"
    path.write_bytes(b"no graph")
    with pytest.raises(ModelError, match=r"graph\.fst is not a decoding graph that can be read"):
        open_graph(path, mappable=True)
