"""A real child that hears what a recorder writes; the recorder is a script."""

import os
from pathlib import Path

import pytest

from edge_asr.bench.peer_hearer import PeerHearer
from edge_asr.errors import EdgeAsrError


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """With a recorder that writes 20 ms, and 40 ms when that was heard; from the source "short" it ends at once."""
    script = tmp_path / "parec"
    script.write_text(
        "#!/bin/sh\n"
        "case $1 in *short) exit 0;; esac\n"
        f"echo $1 >> {tmp_path / 'sources'}; echo $$ >> {tmp_path / 'recorders'}\n"
        "head -c 640 /dev/zero; sleep 0.5; head -c 640 /dev/zero; head -c 640 /dev/zero | tr '\\0' '\\1'\n"
        "exec sleep 60\n",
        encoding="utf-8",
    )
    script.chmod(0o755)
    return {"PATH": f"{tmp_path}:{os.environ['PATH']}"}


def hearer(source: str, variables: dict[str, str]) -> PeerHearer:
    return PeerHearer("a peer", ["-m", "tests.bench.loud_listener", source], variables)


def test_a_fresh_stream_hears_the_source_each_time(variables: dict[str, str], tmp_path: Path) -> None:
    with hearer("a_microphone", variables) as peer:
        for _ in range(2):
            peer.begin()  # it hears, as the first 20 ms tell
            sayings = [peer.next(5.0), peer.next(5.0)]
            assert [saying and (saying.kind, saying.has_text) for saying in sayings] == [
                ("final", False),
                ("final", True),
            ]
            first, second = (saying.began_ns if saying else 0 for saying in sayings)
            assert second - first == 20_000_000
            peer.end()
            assert peer.next(0.0) is None, "what it says at its end is not heard"
            recorders = [Path("/proc") / line for line in (tmp_path / "recorders").read_text().split()]
            assert not any(recorder.exists() for recorder in recorders), "they hear nothing any more"
    assert (tmp_path / "sources").read_text() == "--device=a_microphone\n" * 2


def test_a_recorder_that_ends_is_a_fault(variables: dict[str, str]) -> None:
    with pytest.raises(EdgeAsrError, match="parec ended in mid-measurement"), hearer("short", variables) as peer:
        peer.begin()


def test_what_keeps_it_from_loading_is_its_answer(variables: dict[str, str]) -> None:
    with pytest.raises(EdgeAsrError, match=r"^there is no model 'xx'$"):
        hearer("faulty", variables).__enter__()
