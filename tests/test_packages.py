"""The script that installs the Debian packages asks for what is missing, says why, and harms nothing."""

import re
from pathlib import Path

import pytest

from tests.small_debian import System

RUN_PACKAGES = [
    "libportaudio2",
    "libasound2-plugins",
    "mosquitto",
    "mosquitto-clients",
    "libfst-tools",
    "libfst22-plugins-base",
    "pulseaudio",
    "pulseaudio-utils",
    "pocketsphinx-testdata",
]
TEST_PACKAGES = [
    *RUN_PACKAGES,
    "openssl",
    "shellcheck",
    "jq",
    "alsa-utils",
    "pipewire",
    "pipewire-bin",
    "pipewire-pulse",
    "wireplumber",
    "dbus",
    "chromium",
    "prometheus",
]


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


def test_a_complete_system_is_left_alone_without_a_word(system: System) -> None:
    system.install(*TEST_PACKAGES)
    for purpose in ("run", "test"):
        done = system.run(purpose)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert system.log() == []


def test_a_fresh_system_gets_what_is_missing_and_is_told_why(system: System) -> None:
    done = system.run()
    assert done.returncode == 0, done.stderr
    assert system.asked_to_install() == RUN_PACKAGES
    for package in RUN_PACKAGES:
        assert re.search(rf"^  {package} +\S.*$", done.stdout, re.MULTILINE)
    shown = next(line for line in done.stdout.splitlines() if "apt-get" in line)
    assert shown.startswith("Installing them: sudo apt-get install --no-install-recommends --no-remove libportaudio2 ")
    log = system.log()
    assert log[0] == "sudo env"
    assert "DPkg::Lock::Timeout=300" in log[1]
    assert log[2] == "DEBIAN_FRONTEND=noninteractive"
    assert "update" not in log
    assert system.run().stdout == ""


def test_the_tests_need_more(system: System) -> None:
    assert system.run("test").returncode == 0
    assert system.asked_to_install() == TEST_PACKAGES


def test_only_what_is_missing_is_installed(system: System) -> None:
    system.install(*[package for package in RUN_PACKAGES if package != "libportaudio2"])
    assert system.run().returncode == 0
    assert system.asked_to_install() == ["libportaudio2"]


def test_a_broker_that_is_no_package_counts(system: System) -> None:
    system.install(*[package for package in RUN_PACKAGES if package != "mosquitto"])
    system.touch("usr/sbin/mosquitto", "#!/bin/sh\n")
    (system.folder / "usr/sbin/mosquitto").chmod(0o755)
    assert system.run().stdout == ""


@pytest.mark.parametrize("by", ["card", "server"])
def test_with_a_microphone_none_is_stood_in_for(system: System, by: str) -> None:
    if by == "card":
        system.touch("proc/asound/pcm", "00-00: USB Audio : USB Audio : capture 1\n")
    else:
        system.fake("pactl", "printf '1\\tfeed.monitor\\tnull\\n2\\tusb_mic\\tremap\\n'")
    assert system.run().returncode == 0
    assert system.asked_to_install() == RUN_PACKAGES[:-3]


def test_loudspeakers_are_no_microphone(system: System) -> None:
    system.touch("proc/asound/pcm", "00-00: bcm2835 Headphones : bcm2835 Headphones : playback 8\n")
    system.fake("pactl", "printf '1\\talsa_output.hdmi.monitor\\tmodule\\n'")
    assert system.run().returncode == 0
    assert "pulseaudio" in system.asked_to_install()


def test_lists_are_fetched_only_when_apt_does_not_know_a_package(system: System) -> None:
    (system.folder / "lists").unlink()
    done = system.run()
    assert done.returncode == 0, done.stderr
    assert system.log()[1] == "update"
    assert system.asked_to_install() == RUN_PACKAGES


def test_stale_lists_are_fetched_and_the_install_tried_again(system: System) -> None:
    system.touch("stale")
    assert system.run().returncode == 0
    assert [line.split()[0] for line in system.log() if "install" in line or line == "update"] == ["-q", "update", "-q"]


def test_root_needs_no_sudo(system: System) -> None:
    (system.bin / "sudo").unlink()
    system.touch("uid", "0\n")
    done = system.run()
    assert done.returncode == 0, done.stderr
    assert "Installing them: apt-get install" in done.stdout
    assert system.asked_to_install() == RUN_PACKAGES


def test_neither_root_nor_sudo_says_what_an_administrator_should_run(system: System) -> None:
    (system.bin / "sudo").unlink()
    done = system.run()
    assert done.returncode == 1
    assert "let an administrator run: apt-get install --no-install-recommends libportaudio2" in done.stderr
    assert system.log() == []


def test_without_apt_the_programs_are_named(system: System) -> None:
    for name in ("apt-get", "apt-cache", "dpkg-query"):
        (system.bin / name).unlink()
    done = system.run()
    assert done.returncode == 1
    assert "  mosquitto " in done.stdout
    assert "  libportaudio2 " not in done.stdout
    assert "install these with your own package manager" in done.stderr
    for name in ("mosquitto", "mosquitto_sub", "fstcompose", "pulseaudio", "paplay"):
        system.fake(name, "exit 0")
    assert system.run().returncode == 0


def test_the_system_broker_is_not_left_running(system: System) -> None:
    system.touch("run/systemd/system/.keep")
    done = system.run()
    assert "systemctl disable --now mosquitto.service" in system.log()
    assert "sudo systemctl enable --now mosquitto" in done.stdout


def test_a_system_broker_that_was_there_is_left_alone(system: System) -> None:
    system.touch("run/systemd/system/.keep")
    system.install("mosquitto")
    assert system.run().returncode == 0
    assert not any("systemctl" in line for line in system.log())


def test_nothing_of_a_desktop_is_removed(system: System) -> None:
    system.touch("removes", "Remv pipewire-alsa [0.3.65]\n")
    done = system.run()
    assert done.returncode == 0
    assert "please plug a microphone in" in done.stdout
    assert system.asked_to_install() == [package for package in RUN_PACKAGES if package != "pulseaudio"]
    assert system.run("test").returncode == 1


def test_an_old_python_is_told_before_anything_is_installed(system: System) -> None:
    system.touch("python", "1\n")
    done = system.run()
    assert done.returncode == 1
    assert "Python 3.9.2 is not Python 3.11 to 3.14" in done.stderr
    assert "make run PYTHON=python3.12" in done.stderr
    assert system.log() == []


@pytest.mark.parametrize(("machine", "bits"), [("armv7l", "32"), ("aarch64", "32"), ("riscv64", "64")])
def test_a_machine_without_onnxruntime_is_told_so(system: System, machine: str, bits: str) -> None:
    system.fake("uname", f"echo {machine}")
    system.fake("getconf", f"echo {bits}")
    done = system.run()
    assert done.returncode == 1
    assert f"this system is {machine}, {bits} bit" in done.stderr
    assert system.log() == []
