"""The package as apt knows it: it asks nothing, waits for its model, keeps what is the user's, and goes when told."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.service.machine import MODEL_UNIT, MODELS, PACKAGE, UNIT, Machine, command
from tests.waiting import wait_until

SETTINGS = "/etc/edge_asr/config.toml"
MINE = '# mine\n[mqtt]\nhost = "broker.local"\n[audio]\none_value_alarm_s = 0\n'
MADE_BY_MAKE = f"/usr/local/lib/systemd/system/{UNIT}"
FETCH = """#!/bin/sh
[ -e /srv/network ] || { echo "no network" >&2; exit 1; }
cp -r /srv/en /var/lib/edge_asr/models/.new && mv /var/lib/edge_asr/models/.new /var/lib/edge_asr/models/en
"""


@pytest.fixture
def machine(image: str, shared: dict[Path, str]) -> Iterator[Machine]:
    with Machine("edge-asr-test-package", image, shared) as machine:
        yield machine


@pytest.fixture(scope="module")
def newer(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same package with a higher version and another program folder, as the next release has."""
    folder = tmp_path_factory.mktemp("newer")
    root = folder / "root"
    command("dpkg-deb", "--raw-extract", str(package), str(root))
    program = root / "opt" / "edge_asr"
    old = (program / "current").readlink().name
    version = old.removeprefix("env-")
    new = f"{version}.1"
    (program / old).rename(program / f"env-{new}")
    (program / "current").unlink()
    (program / "current").symlink_to(f"env-{new}")
    script = program / f"env-{new}" / "bin" / "edge-asr"
    script.write_text(script.read_text().replace(old, f"env-{new}"))
    control = root / "DEBIAN" / "control"
    control.write_text(control.read_text().replace(f"Version: {version}", f"Version: {new}"))
    (root / "DEBIAN" / "md5sums").unlink()
    file = folder / "newer.deb"
    command("dpkg-deb", "--root-owner-group", "-Znone", "--build", str(root), str(file))
    shutil.rmtree(root)
    return file


def active(machine: Machine, unit: str = UNIT) -> tuple[str, str]:
    return machine.show("ActiveState", unit), machine.show("SubState", unit)


def test_it_asks_nothing_and_waits_for_a_network_to_fetch_its_model(machine: Machine) -> None:
    said = machine.install()
    assert f"your broker's name goes into {SETTINGS}" in said
    assert "How far it is: systemctl status edge-asr-model" in said
    amiss = machine.run("dpkg", "--verify", "edge-asr").splitlines()
    assert [line for line in amiss if "/usr/share/doc/" not in f"{line}/"] == []  # small Debians leave those out
    assert machine.run("dpkg-query", "--show", "--showformat=${Conffiles}", "edge-asr").split()[0] == SETTINGS
    assert machine.run("edge-asr", "--version").startswith("edge-asr ")
    assert machine.run("edge-asr", "check-config", "--print").count("[mqtt]") == 1
    wait_until(lambda: active(machine, MODEL_UNIT) == ("activating", "auto-restart"), 90, "the first attempt")
    assert "could not be fetched" in machine.journal(unit=MODEL_UNIT)
    wait_until(lambda: active(machine) == ("inactive", "dead"), 30, "waiting")
    assert machine.show("Result") == "success"  # it has not failed: there is nothing yet to start it with
    assert machine.run("systemctl", "--failed", "--no-legend") == ""
    # The network comes; what it brings is the host's model, in place of a download of 85 MB.
    machine.write("/srv/fetch", FETCH)
    machine.run("chmod", "755", "/srv/fetch")
    drop_in = f"/run/systemd/system/{MODEL_UNIT}.d/fast.conf"
    machine.write(drop_in, "[Service]\nRestartSec=1\nExecStart=\nExecStart=/srv/fetch\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "--no-block", UNIT)
    wait_until(lambda: int(machine.show("NRestarts", MODEL_UNIT)) >= 2, 60, "two more attempts")
    assert active(machine) == ("inactive", "dead")
    machine.write("/srv/network", "")
    wait_until(lambda: active(machine) == ("active", "running"), 60, "the start")
    assert active(machine, MODEL_UNIT) == ("inactive", "dead")
    fetched = machine.run("stat", "--format=%U %i", f"{MODELS}/en")
    assert fetched.startswith("edge-asr ")
    machine.run("systemctl", "restart", UNIT)
    assert active(machine) == ("active", "running")
    assert machine.run("stat", "--format=%U %i", f"{MODELS}/en") == fetched  # what is there is not fetched anew


def test_upgrade_keeps_remove_keeps_purge_takes_all(machine: Machine, newer: Path) -> None:
    machine.write(SETTINGS, MINE)  # older than the package, of a `make install` maybe
    machine.copy_model()
    machine.install()
    wait_until(lambda: active(machine) == ("active", "running"), 90, "the start")
    assert machine.run("cat", SETTINGS) == MINE
    model, pid = machine.run("stat", "--format=%i", f"{MODELS}/en/graph.fst"), machine.show("MainPID")

    command("podman", "cp", str(newer), f"{machine.name}:/srv/newer.deb")
    machine.install("/srv/newer.deb")
    wait_until(lambda: machine.show("MainPID") not in {pid, "0"}, 60, "the restart")
    wait_until(lambda: active(machine) == ("active", "running"), 60, "the new one")
    assert machine.run("cat", SETTINGS) == MINE
    assert machine.run("stat", "--format=%i", f"{MODELS}/en/graph.fst") == model
    folder = machine.run("readlink", "/opt/edge_asr/current").strip()
    assert folder.endswith(".1")
    assert sorted(machine.run("ls", "/opt/edge_asr").split()) == ["current", folder]
    assert folder in machine.run("cat", f"/proc/{machine.show('MainPID')}/maps")

    machine.run("apt-get", "remove", "--yes", "edge-asr")
    assert machine.show("LoadState") == "not-found"
    assert machine.try_run("test", "-e", "/opt/edge_asr").returncode != 0
    assert machine.try_run("pgrep", "--full", "edge-asr run").returncode != 0
    assert machine.run("cat", SETTINGS) == MINE
    assert machine.run("stat", "--format=%i", f"{MODELS}/en/graph.fst") == model

    said = machine.run("apt-get", "purge", "--yes", "edge-asr")
    assert "models and what the broker had not taken yet (/var/lib/edge_asr)" in said
    for place in ("/etc/edge_asr", "/var/lib/edge_asr", f"/etc/systemd/system/multi-user.target.wants/{UNIT}"):
        assert machine.try_run("test", "-e", place).returncode != 0, place
    assert machine.try_run("id", "edge-asr").returncode != 0


def test_it_refuses_to_stand_beside_make_install(machine: Machine) -> None:
    machine.write(MADE_BY_MAKE, "[Service]\nExecStart=/bin/true\n")
    machine.write(SETTINGS, MINE)
    done = machine.try_run("apt-get", "install", "--yes", PACKAGE)
    assert done.returncode != 0
    assert "'sudo make uninstall' in its checkout" in done.stdout + done.stderr
    assert machine.run("cat", SETTINGS) == MINE
    assert machine.try_run("test", "-e", "/opt/edge_asr").returncode != 0
    machine.run("rm", MADE_BY_MAKE)
    machine.install()
    assert machine.run("cat", SETTINGS) == MINE
