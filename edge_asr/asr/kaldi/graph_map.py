"""The decoding graph mapped from its file instead of copied into memory.

OpenFst can do either, by a flag of its library that kaldifst's Python interface does not reach: a C++ string, "read" by
default. It is set here in place, and only when it is found just as expected; else the graph is read, which costs its
size in memory (216 MB in English) and changes nothing else. Mapped pages are shared, and the kernel may take them back.
"""

import bisect
import contextlib
import ctypes
import mmap
import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import kaldifst
import numpy as np

from edge_asr.asr.kaldi.fst_format import ARC, STATE
from edge_asr.asr.kaldi.graph_file import GraphHeader
from edge_asr.errors import ModelError

_SYMBOL = "_Z23FST_FLAGS_fst_read_modeB5cxx11"
_SIZE_AT, _TEXT_AT = 8, 16  # of libstdc++'s std::string: pointer, size, and a short text within itself
_MADV_DONTNEED = 4
_STATM_BYTES = 256  # more than its one line
_MOST_BYTES = 60 << 20  # of mapped pages, ...
KEPT_BYTES = 44 << 20  # ... of which those of the first states stay: 148 page faults a second of speech; with none, 256
_SLACK_PAGES = 1024  # other files come and go by so many

Region: TypeAlias = tuple[int, int, int]  # addresses [begin, end), and the offset in the file of what begins there
KeptEnds: TypeAlias = tuple[int, int, int]  # offsets in the file: of the first arc, behind states and arcs that stay


class OpenGraph:
    """A graph that was opened; `fst` is kaldifst's object, `mapped` whether its pages are the file's."""

    def __init__(self, fst: Any, regions: list[Region], kept: KeptEnds = (0, 0, 0)) -> None:
        self.fst = fst
        self.mapped = bool(regions)
        self._whole = [(begin, end) for begin, end, _ in regions]
        self._others = [span for region in regions if (span := _others(region, kept))]
        self._first_pages = (_length(self._whole) - _length(self._others)) // mmap.PAGESIZE
        self._kept_pages = 0  # of the first states, when it was last looked
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)  # opening it costs more than reading it
        # Not at the program's end: a thread that still decodes may look.
        weakref.finalize(self, os.close, self._statm).atexit = False
        self._advise = ctypes.CDLL(None).madvise
        self._before_pages = self._file_pages()

    def relieve(self) -> None:
        """Let go of the mapped pages of all but the first states when they have become many.

        The next look at one finds it in the kernel's cache, or in the file.
        """
        if not self._others or self._file_pages() - self._before_pages <= _MOST_BYTES // mmap.PAGESIZE:
            return
        self._release(self._others)
        kept = self._file_pages() - self._before_pages
        if not self._kept_pages - _SLACK_PAGES <= kept <= self._first_pages + _SLACK_PAGES:
            # Other files hold more than before, or less. How much, only the pages tell that are left without any of it.
            self._release(self._whole)
            kept, self._before_pages = 0, self._file_pages()
        self._kept_pages = kept

    def _release(self, spans: list[tuple[int, int]]) -> None:
        for begin, end in spans:
            self._advise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), _MADV_DONTNEED)

    def _file_pages(self) -> int:
        """Pages of files that this process holds in memory."""
        return int(os.pread(self._statm, _STATM_BYTES, 0).split()[2])


def open_graph(path: Path, *, mappable: bool) -> OpenGraph:
    """Const FST of a file that was checked; mapped where that can be done. Raises ModelError."""
    # The same file may be mapped already, by a graph that goes before this one does: what lies there then is not ours.
    others = _regions(path)
    with _mapping() if mappable else contextlib.nullcontext():
        fst = kaldifst.StdConstFst.read(str(path))
    if fst is None:
        raise ModelError(f"{path} is not a decoding graph that can be read")
    regions = sorted(_regions(path) - others)
    return OpenGraph(fst, regions, _kept_ends(path) if regions else (0, 0, 0))


def _kept_ends(path: Path) -> KeptEnds:
    """Where the arcs begin, and where the states that stay and their arcs end."""
    header = GraphHeader.read(path)
    begins = np.memmap(path, STATE, "r", offset=header.states_at, shape=(header.states,))["arc"]

    def bytes_of(states: int) -> int:
        return states * STATE.itemsize + int(begins[states]) * ARC.itemsize

    count = bisect.bisect_right(range(header.states), KEPT_BYTES, key=bytes_of) - 1
    return header.arcs_at, header.states_at + count * STATE.itemsize, header.arcs_at + int(begins[count]) * ARC.itemsize


def _others(region: Region, kept: KeptEnds) -> tuple[int, int] | None:
    """Addresses of what is mapped there of other states than the first ones."""
    begin, end, offset = region
    arcs_at, *ends = kept
    kept_bytes = max(0, ends[offset + mmap.PAGESIZE > arcs_at] - offset)
    first = begin + -(-kept_bytes // mmap.PAGESIZE) * mmap.PAGESIZE
    return (first, end) if first < end else None


def _length(spans: list[tuple[int, int]]) -> int:
    return sum(end - begin for begin, end in spans)


@contextlib.contextmanager
def _mapping() -> Iterator[None]:
    """Within it OpenFst maps what it reads, where that is possible."""
    flag = _flag()
    if flag is None:
        yield
        return
    _write(flag, b"map")
    try:
        yield
    finally:
        _write(flag, b"read")


def _flag() -> int | None:
    """Address of the flag, when it is the string that is expected."""
    try:
        library = ctypes.CDLL(kaldifst.lib._kaldifst.__file__)  # noqa: SLF001 - the library itself, already loaded
        address = ctypes.addressof(ctypes.c_char.in_dll(library, _SYMBOL))
    except (AttributeError, OSError, ValueError):
        return None
    text = ctypes.c_void_p.from_address(address).value
    if text != address + _TEXT_AT or ctypes.c_size_t.from_address(address + _SIZE_AT).value != len(b"read"):
        return None
    return address if ctypes.string_at(text, len(b"read")) == b"read" else None


def _write(flag: int, value: bytes) -> None:
    ctypes.memmove(flag + _TEXT_AT, value + b"\0", len(value) + 1)
    ctypes.c_size_t.from_address(flag + _SIZE_AT).value = len(value)


def _regions(path: Path) -> set[Region]:
    """Where the file is mapped in this process: addresses [begin, end), and what lies there begins where in it."""
    real = str(path.resolve())
    try:
        lines = Path("/proc/self/maps").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return set()
    return {
        (int(begin, 16), int(end, 16), int(found[2], 16))
        for line in lines
        if line.endswith(real) and (found := line.split(maxsplit=5))[-1] == real
        for begin, _, end in [found[0].partition("-")]
    }
