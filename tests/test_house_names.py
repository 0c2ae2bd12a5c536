"""Names of the house: the newest count, they outlive the process, and what is wrong is told once."""

import json
from pathlib import Path

import pytest

from edge_asr.house_names import HouseNames
from edge_asr.metrics import Metrics
from edge_asr.names import Name, Names
from tests.fakes import HandClock


class House:
    def __init__(self, folder: Path, topic: str = "house/names") -> None:
        self.clock, self.metrics = HandClock(), Metrics()
        self.path = folder / "state" / "names.json"
        self.names = HouseNames(topic, self.path, self.clock, self.metrics)
        self.changes = 0
        self.told: list[str] = []

    def changed(self) -> None:
        self.changes += 1

    def look(self, seconds: float = 0.0) -> None:
        self.clock.advance_s(seconds)
        self.names.look(self.changed, self.told.append)

    def take(self, *names: str) -> None:
        self.names.take(json.dumps({"name": names}).encode())


def lamps(*names: str) -> Names:
    return Names(name=tuple(Name(name, name) for name in names))


def test_what_was_told_is_there_for_the_next_process_and_the_same_again_changes_nothing(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.look()
    assert (house.names.current, house.changes) == (Names(), 0)
    house.take("lamp")
    house.look()
    assert (house.names.current, house.changes) == (lamps("lamp"), 1)
    again = House(tmp_path)
    assert again.names.current == lamps("lamp")
    again.take("lamp")  # the broker has it, and says so on each connection
    again.look()
    assert again.changes == 0
    assert House(tmp_path, "other/names").names.current == Names()


def test_the_longest_list_outlives_the_process_too(tmp_path: Path) -> None:
    house, names = House(tmp_path), [f"lamp of the kitchen {number:08}" for number in range(1950)]
    house.take(*names)
    house.look()
    assert house.names.current == lamps(*names)
    assert house.path.stat().st_size > 65_536  # though less came in
    assert House(tmp_path).names.current == lamps(*names)


def test_a_disk_that_was_full_is_tried_again(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.path.parent.write_text("in the way of the folder")
    house.take("lamp")
    house.look()
    house.path.parent.unlink()
    house.look(5.0)
    assert not house.path.exists()  # not at every look
    house.look(20.0)
    assert House(tmp_path).names.current == lamps("lamp")


def test_a_flood_is_looked_at_now_and_then_and_its_last_counts(tmp_path: Path) -> None:
    house = House(tmp_path)
    for number in range(1000):
        house.take(f"lamp {number}")
        house.look(0.05)
    assert house.changes == 3  # in 50 s
    house.look(20.0)
    assert (house.names.current, house.changes) == (lamps("lamp 999"), 4)
    counted = house.metrics.registry.get_sample_value
    labels = [{"control": "names", "outcome": outcome} for outcome in ("taken", "superseded")]
    assert [counted("edge_asr_commands_total", each) for each in labels] == [4, 996]


def test_what_cannot_be_used_is_told_and_those_before_stay(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = House(tmp_path)
    house.take("lamp")
    house.look()
    for payload in (b"\xff", b"x" * 10_000_000):
        house.names.take(payload)
        house.look(20.0)
    assert (house.names.current, house.changes) == (lamps("lamp"), 1)
    assert ["what house/names holds cannot be used, the names before it stay" in said for said in house.told] == [
        True
    ] * 2
    assert "a payload of 10000000 bytes is refused" in house.told[1]
    assert len(caplog.records) == 2
    house.names.take(b"")
    house.look(20.0)
    assert (house.names.current, house.changes) == (Names(), 2)


def test_those_that_are_left_out_are_named_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = House(tmp_path)
    for _ in range(3):
        house.names.left_out(["xqzzy lamp", "zqx"])
        house.look()
    [said] = house.told
    assert "nobody knows how these names sound, they are left out: 'xqzzy lamp', 'zqx'; correct the spelling" in said
    assert [record.getMessage() for record in caplog.records] == [said]
    house.names.left_out([])
    house.names.left_out([f"n{number}" for number in range(500)])
    house.look()
    assert "'n19' and 480 more;" in house.told[1]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff" * 100, b'{"topic": "house/names", "names": {"x": 1}}', b"[" * 5000]
)
def test_a_spoiled_file_is_one_warning(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path = House(tmp_path).path
    path.parent.mkdir()
    path.write_bytes(content)
    assert House(tmp_path).names.current == Names()
    [record] = caplog.records
    assert "the names of the house are those that come" in record.getMessage()


def test_a_folder_that_cannot_be_written_is_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").touch()
    house = House(tmp_path)
    caplog.clear()
    for name in ("one", "two"):
        house.take(name)
        house.look(20.0)
    assert (house.names.current, len(caplog.records)) == (lamps("two"), 1)
