import pytest

from edge_asr.bench.peer_hearer import PeerHearer
from edge_asr.bench.saying import Saying
from edge_asr.errors import EdgeAsrError


def hearer(mood: str) -> PeerHearer:
    return PeerHearer("a peer", ["-m", "tests.bench.scripted_listener", mood], {})


def everything(peer: PeerHearer) -> list[Saying]:
    sayings: list[Saying] = []
    while (saying := peer.next(1.0 if len(sayings) < 3 else 0.0)) is not None:
        sayings.append(saying)
    return sayings


def test_it_is_heard_between_begin_and_end() -> None:
    with hearer("plain") as peer:
        for _ in range(2):
            peer.begin()
            sayings = everything(peer)
            assert [saying.kind for saying in sayings] == ["open", "text", "final"]
            assert sayings[2] == Saying("final", 5, "1", 3, has_text=True)
            peer.end()
            assert peer.next(0.0) is None
    assert peer._child.returncode == 0


def test_a_fault_of_it_is_its_own_line() -> None:
    with pytest.raises(EdgeAsrError, match=r"^moonshine-voice has no model here$"):
        hearer("faulty").__enter__()


def test_a_child_that_dies_is_said_to_have() -> None:
    with (
        pytest.raises(EdgeAsrError, match="a peer ended with exit code 3 in mid-measurement"),
        hearer("dying") as peer,
    ):
        peer.begin()
