"""The machine's own figures, from files and programs that stand in."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_asr.config import LadderConfig
from edge_asr.doctor.machine import clock, disk, heat_and_power, memory
from edge_asr.doctor.service import service

MB = 1_000_000


def meminfo(folder: Path, available_kb: int) -> Path:
    file = folder / "meminfo"
    file.write_text(f"MemTotal:  999999 kB\nMemAvailable:   {available_kb} kB\nHugePages_Total: 0\n")
    return file


def test_memory_is_compared_with_the_bundle(tmp_path: Path) -> None:
    file = meminfo(tmp_path, 300 * 1024)
    assert memory(0, file).level == "ok"
    tight = memory(255 * MB, file)
    assert tight.level == "warn"
    assert tight.text == "314 MB are available, the daemon wants about 405 MB"
    assert memory(100 * MB, file).level == "ok"
    assert memory(0, tmp_path / "none").level == "skip"


def test_disk_is_asked_where_the_folder_will_be(tmp_path: Path) -> None:
    assert disk(tmp_path / "not" / "yet", 0).text.endswith(f"at {tmp_path}")
    full = disk(tmp_path, 1 << 60)
    assert (full.level, "1152921504606 MB are wanted" in full.text) == ("warn", True)


def pi(folder: Path, celsius: float, throttled: str) -> tuple[LadderConfig, str]:
    zone = folder / "thermal_zone0"
    zone.mkdir()
    (zone / "temp").write_text(f"{int(celsius * 1000)}\n")
    firmware = folder / "vcgencmd"
    firmware.write_text(f'#!/bin/sh\n[ "$1" = get_throttled ] && echo throttled={throttled}\n')
    firmware.chmod(0o755)
    return LadderConfig(temperature_path=str(folder / "thermal_zone*" / "temp")), str(firmware)


@pytest.mark.parametrize(
    ("celsius", "throttled", "expected", "said"),
    [
        (48.0, "0x0", "ok", "48 °C, firmware says 0x0"),
        (48.0, "0x50005", "warn", "now: undervoltage, throttled"),
        (48.0, "0x10000", "warn", "since the start: undervoltage"),
        (84.0, "0x80008", "warn", "now: near the heat limit"),
        (84.0, "0x0", "warn", "hot, partials and the second pass are given up"),
        (48.0, "VCHI initialization failed", "ok", "48 °C"),
    ],
)
def test_heat_and_power_of_a_pi(celsius: float, throttled: str, expected: str, said: str, tmp_path: Path) -> None:
    finding = heat_and_power(*pi(tmp_path, celsius, throttled))
    assert finding.level == expected
    assert said in finding.text
    if "undervoltage" in said:
        assert "power supply" in finding.fix


def test_a_machine_without_sensors_is_passed_over(tmp_path: Path) -> None:
    nowhere = LadderConfig(temperature_path=str(tmp_path / "*"))
    assert heat_and_power(nowhere, "no-such-program").level == "skip"


class Wall:
    def __init__(self, *, is_synced: bool) -> None:
        self._is_synced = is_synced

    def monotonic_ns(self) -> int:
        return 0

    def now(self) -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC)

    def synced(self) -> bool:
        return self._is_synced


def test_an_unset_clock_is_a_warning() -> None:
    assert clock(Wall(is_synced=True)).level == "ok"
    unset = clock(Wall(is_synced=False))
    assert (unset.level, "1970-01-01" in unset.text, "set-ntp" in unset.fix) == ("warn", True, True)


def test_what_systemd_gives_to_its_services() -> None:
    assert service({}).text.startswith("not started by it")
    by_systemd = {"INVOCATION_ID": "1"}
    assert service(by_systemd).fix == "Type=notify in the unit"
    assert service({**by_systemd, "NOTIFY_SOCKET": "@x"}).fix == "WatchdogSec=30 in the unit"
    watched = service({**by_systemd, "NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "30000000"})
    assert (watched.level, watched.text) == ("ok", "started by it, watchdog every 30 s")
