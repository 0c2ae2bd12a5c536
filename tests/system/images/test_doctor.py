"""`edge-asr doctor` in a container that was not given all that it needs: the missing word is in the fix."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.system.images.conftest import Home
from tests.system.images.container import OWN, Container, once

ALSA_MAJOR = 116
QUIET = (
    "--set",
    "device.id=kitchen",
    "--set",
    "audio.source=alsa:Device",
    "--set",
    "mqtt.enabled=false",
    "--set",
    "second_pass.enabled=false",
)


def findings(*flags: str, settings: tuple[str, ...] = ()) -> dict[str, dict[str, Any]]:
    """The worst finding of each check."""
    done = once(OWN, "doctor", "--json", *settings, flags=flags)
    order = ("skip", "ok", "warn", "fail")
    worst: dict[str, dict[str, Any]] = {}
    for finding in json.loads(done.out)["findings"]:
        before = worst.setdefault(finding["check"], finding)
        if order.index(finding["level"]) > order.index(before["level"]):
            worst[finding["check"]] = finding
    return worst


def test_a_container_that_was_given_nothing() -> None:
    found = findings()
    assert found["container"]["fix"] == "-e EDGE_ASR__DEVICE__ID=kitchen"
    assert '-v "$XDG_RUNTIME_DIR/pulse/native:/run/pulse/native"' in found["sound server"]["fix"]
    assert "--device /dev/snd" in found["sound cards"]["fix"]
    assert "localhost is the container itself" in found["broker"]["fix"]
    assert "edge-asr:models pull en" in found["model"]["text"]


def test_a_user_who_may_not_use_the_socket(home: Home) -> None:
    os.chown(home.socket, 1234, 1234)
    home.socket.chmod(0o600)
    found = findings(*home.sound())
    assert found["sound server"]["fix"] == "start the container with --user 1234, whose sound server it is"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """The device of a card that can record; no driver is behind it."""
    folder = tmp_path / "snd"
    folder.mkdir()
    device = folder / "pcmC1D0c"
    os.mknod(device, stat.S_IFCHR | 0o660, os.makedev(ALSA_MAJOR, 56))
    device.chmod(0o660)
    os.chown(device, 0, 4321)
    return folder


def test_a_group_that_is_missing_is_named_by_its_number(card: Path) -> None:
    found = findings("-v", f"{card}:/dev/snd", settings=QUIET)
    assert found["container"]["text"] == "podman; user 999, groups 29, 999"
    assert found["sound cards"]["fix"].startswith("--group-add 4321, ")


def test_a_rule_for_devices_that_is_missing(card: Path) -> None:
    flags = ("-v", f"{card}:/dev/snd", "--group-add", "4321")
    found = findings(*flags, settings=QUIET)
    assert found["sound cards"]["level"] == "fail"
    assert "--device-cgroup-rule 'c 116:* rmw'" in found["sound cards"]["fix"]
    found = findings(*flags, "--device-cgroup-rule", f"c {ALSA_MAJOR}:* rmw", settings=QUIET)
    assert found["sound cards"]["level"] == "warn"  # it would be opened; that it has no name is another matter
    assert "recording: pcmC1D0c" in found["sound cards"]["text"]


def test_a_limit_of_memory(home: Home) -> None:
    models = ("-v", f"{home.models}:/var/lib/edge_asr/models:ro")
    found = findings(*models, "--memory=400m", settings=QUIET)
    assert "limited to 419 MB" in found["memory"]["text"]
    assert found["memory"]["level"] != "fail"


def test_a_limit_that_is_too_low_is_told_by_the_daemon_before_it_loads(home: Home) -> None:
    low = ("--memory=90m", "-v", f"{home.models}:/var/lib/edge_asr/models:ro", "--network=none")
    settings = ("--set", "second_pass.enabled=false", "--set", "audio.source=stdin")
    with Container(OWN, low, ("run", *settings)) as daemon:  # it may live on or be killed: it has said so before
        daemon.until_logged("its memory is limited to 94 MB, the models want about 110 MB", 60.0)


def test_a_folder_for_what_is_kept_that_is_not_the_users(tmp_path: Path) -> None:
    found = findings("-v", f"{tmp_path}:/var/lib/edge_asr:ro", settings=QUIET)
    assert found["container"]["level"] == "warn"
    assert "may not write to /var/lib/edge_asr" in found["container"]["text"]
