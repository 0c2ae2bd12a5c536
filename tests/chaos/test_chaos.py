"""A short chaos run, and the parts that the long one stands on: a disk that is full, a verdict that sees a breach."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge_asr.events import encode
from tests import sample_events
from tests.chaos.chaos import run
from tests.chaos.disk import small_disk
from tests.chaos.life import End, Life, Said
from tests.chaos.verdict import LAST_MOMENT_S, Span, judge, report

pytestmark = pytest.mark.chaos
ENDED_NS = 100_000_000_000


@pytest.mark.broker
def test_twenty_faults_lose_nothing_that_was_produced(tmp_path: Path) -> None:
    faults, verdict = run(seed=20, folder=tmp_path, faults=20, finals=100)
    print(report(faults, verdict))
    assert verdict.breaches == []
    assert faults.total() >= 20
    assert len(faults) >= 5
    assert verdict.heard >= 100


def test_a_full_disk_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        if not disk.fillable:
            pytest.skip("this user may not mount a file system")
        assert not disk.is_full()
        disk.fill()
        assert disk.is_full()
        disk.free()
        assert not disk.is_full()
    assert list((tmp_path / "disk").iterdir()) == []


# --- the verdict


def payload(number: int, text: str = "words", stream: str = "s") -> bytes:
    return encode(msgspec.structs.replace(sample_events.final(text, f"{stream}-{number}"), stream_id=stream))


def a_life(
    numbers: list[int], ended_by: End = "told to stop", rows: tuple[int, ...] = (), before_s: float = 9.0
) -> Any:
    life = object.__new__(Life)  # no process
    life.said = [Said(payload(each), f"s-{each}", ENDED_NS - round(before_s * 1e9)) for each in numbers]
    life.rows, life.ended_by, life.ended_ns = [payload(each) for each in rows], ended_by, ENDED_NS
    return life


def test_all_in_order_and_once_more_is_well() -> None:
    verdict = judge([a_life([1, 2, 3], rows=(3,))], [payload(each) for each in (1, 2, 1, 2, 3)], [])
    assert verdict.breaches == []
    assert (verdict.said, verdict.produced, verdict.heard, verdict.arrived, verdict.written) == (3, 3, 3, 5, 1)


@pytest.mark.parametrize(
    ("arrived", "said"),
    [
        ([1, 3], "said 9.00 s before the daemon was told to stop, lost: s-2"),
        ([1, 3, 2], "s-2 came after s-3"),
    ],
)
def test_a_loss_and_a_wrong_order_are_seen(arrived: list[int], said: str) -> None:
    assert judge([a_life([1, 2, 3])], [payload(each) for each in arrived], []).breaches == [said]


def test_two_texts_of_one_segment_are_seen() -> None:
    assert judge([a_life([1])], [payload(1), payload(1, "others")], []).breaches == ["s-1 came with two texts"]


def test_what_was_in_a_file_must_arrive_whoever_was_killed() -> None:
    life = a_life([1, 2], "killed", rows=(2,), before_s=0.0)
    assert judge([life], [payload(1)], []).breaches == ["in a file, never heard: s-2"]


def test_what_nobody_said_is_seen_but_for_one_at_each_sigkill() -> None:
    assert judge([a_life([1])], [payload(1), payload(2)], []).breaches == ["1 were heard that nobody said"]
    assert judge([a_life([1], "killed")], [payload(1), payload(2)], []).breaches == []


@pytest.mark.parametrize(
    ("ended_by", "before_s", "fine"), [("killed", 0.1, True), ("killed", 2.0, False), ("told to stop", 0.1, False)]
)
def test_only_a_sigkill_may_cost_the_last_moment(ended_by: End, before_s: float, fine: bool) -> None:
    assert 0.1 < LAST_MOMENT_S < 2.0
    verdict = judge([a_life([1], ended_by, before_s=before_s)], [], [])
    assert (verdict.breaches == []) == fine
    assert verdict.last_moment == fine


def test_what_no_disk_would_take_was_not_produced() -> None:
    life = a_life([1], "killed")
    assert judge([life], [], [Span(0, ENDED_NS - 10_000_000_000)]).breaches != []
    verdict = judge([life], [], [Span(0, ENDED_NS - 8_000_000_000)])
    assert (verdict.breaches, verdict.without_disk) == ([], 1)
