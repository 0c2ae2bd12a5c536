"""Installed, upgraded and taken away: the service, of the system and of a session."""

import os
import re
import shutil
from pathlib import Path

import pytest

from edge_asr.config import Config
from edge_asr.settings import load, model_folder
from tests.service_home import PACKAGES, Home
from tests.small_debian import System, make
from tests.units import MODEL_UNIT, UNIT, USER_UNIT, places


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_service_needs_no_broker_no_sound_server_and_no_sample(tmp_path: Path) -> None:
    system = System(tmp_path)
    assert system.run("install").returncode == 0
    assert system.asked_to_install() == PACKAGES
    assert system.run("install").stdout == ""


def test_installed_enabled_and_started_with_a_word_at_each_step(home: Home) -> None:
    done = home.do("install", EDGE_ASR_MODELS="/elsewhere")
    assert done.returncode == 0, done.stderr
    assert [line[:3] for line in done.stdout.splitlines() if re.match(r"\d/5", line)] == [f"{n}/5" for n in range(1, 6)]
    assert "It says: listening" in done.stdout
    command = home.folder / "usr/local/bin/edge-asr"
    assert command.resolve() == home.environments()[0] / "bin" / "edge-asr"
    for file in (UNIT, MODEL_UNIT):
        assert (home.folder / "usr/local/lib/systemd/system" / file.name).read_text() == file.read_text()
    log = [line for line in home.log() if line.startswith(("pip", "edge-asr models", "systemctl"))]
    assert "--require-hashes --only-binary :all: -r" in log[0]
    assert "--no-deps --no-index --no-build-isolation" in log[1]
    settings = home.folder / "etc/edge_asr/config.toml"
    assert log[2:] == [
        f"edge-asr models verify en --config {settings}",
        f"edge-asr models pull --force en --config {settings}",
        "systemctl daemon-reload",
        f"systemctl --quiet enable {UNIT.name}",
        f"systemctl restart {UNIT.name}",
        f"systemctl show --property=StatusText --value {UNIT.name}",
    ]
    assert not list(home.folder.glob("tmp.*"))


def test_in_an_image_that_is_being_made_it_waits_for_the_first_boot(home: Home) -> None:
    shutil.rmtree(home.folder / "run")
    done = home.do("install")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "edge_asr is installed and starts when this system boots"
    assert [line for line in home.log() if "systemctl" in line] == [f"systemctl --quiet enable {UNIT.name}"]


def test_a_service_that_does_not_start_is_no_success(home: Home) -> None:
    home.fake("systemctl", "case $1 in restart) exit 1 ;; esac")
    done = home.do("install")
    assert done.returncode == 1
    assert "journalctl -u edge-asr" in done.stderr
    assert "edge_asr runs" not in done.stdout


def test_again_is_an_upgrade_that_keeps_settings_and_model(home: Home) -> None:
    assert home.do("install").returncode == 0
    old = home.environments()
    settings = home.folder / "etc/edge_asr/config.toml"
    settings.write_text("# mine\n")
    done = home.do("install")
    assert done.returncode == 0, done.stderr
    assert settings.read_text() == "# mine\n"
    assert len(home.environments()) == 1
    assert home.environments() != old
    assert not any("models pull" in line for line in home.log())


def test_an_upgrade_that_fails_leaves_the_old_program(home: Home) -> None:
    assert home.do("install").returncode == 0
    old = home.environments()
    home.touch("offline")
    done = home.do("install")
    assert done.returncode == 1
    assert "The program is as it was" in done.stderr
    assert home.environments() == old
    assert (home.folder / "usr/local/bin/edge-asr").exists()
    assert not any("systemctl" in line for line in home.log())


def test_uninstall_keeps_settings_and_models_unless_told(home: Home) -> None:
    assert home.do("install").returncode == 0
    done = home.do("uninstall")
    assert done.returncode == 0, done.stderr
    assert f"systemctl stop {UNIT.name}" in home.log()
    assert f"systemctl --quiet disable {UNIT.name}" in home.log()
    units = [f"usr/local/lib/systemd/system/{file.name}" for file in (UNIT, MODEL_UNIT)]
    gone = ("opt/edge_asr", "usr/local/bin/edge-asr", *units)
    kept = ("etc/edge_asr/config.toml", "var/lib/edge_asr")
    assert not any(os.path.lexists(home.folder / name) for name in gone)
    assert all((home.folder / name).exists() for name in kept)
    assert home.do("uninstall", PURGE="1").returncode == 0
    assert not any((home.folder / name).exists() for name in kept)
    assert "userdel edge-asr" in home.log()


def test_without_root_it_says_how(home: Home) -> None:
    home.touch("uid", "1000\n")
    for action in ("install", "uninstall"):
        done = home.do(action)
        assert done.returncode == 1
        assert f"sudo make {action}" in done.stderr
        assert home.log() == []


@pytest.mark.parametrize("action", ["install", "uninstall"])
def test_the_debian_package_is_left_alone(action: str, home: Home) -> None:
    home.touch(f"usr/lib/systemd/system/{UNIT.name}")
    done = home.do(action)
    assert done.returncode == 1
    assert "sudo apt remove edge-asr" in done.stderr
    assert home.log() == []


def test_a_service_of_one_s_own_session(home: Home) -> None:
    home.touch("uid", "1000\n")
    home.fake(
        "systemctl",
        """echo "systemctl $*" >> "$SYSTEM/log"
        case "$*" in *--property*) echo listening ;; "--quiet is-enabled"*) exit 1 ;; esac""",
    )
    done = home.do("install-user", HOME="/home/ada")
    assert done.returncode == 0, done.stderr
    ada = home.folder / "home/ada"
    assert (ada / ".local/bin/edge-asr").resolve().parent.parent.parent == ada / ".local/lib/edge_asr"
    assert (ada / ".local/share/systemd/user" / UNIT.name).read_text() == USER_UNIT.read_text()
    log = home.log()
    assert "edge-asr models pull" in log
    assert not any(line.startswith(("chown", "systemd-sysusers")) for line in log)
    assert [line for line in log if line.startswith("systemctl")] == [
        "systemctl --user show-environment",
        f"systemctl --quiet is-enabled {UNIT.name}",  # the system's
        "systemctl --user daemon-reload",
        f"systemctl --user --quiet enable {UNIT.name}",
        f"systemctl --user restart {UNIT.name}",
        f"systemctl --user show --property=StatusText --value {UNIT.name}",
    ]
    assert "It says: listening" in done.stdout
    assert home.do("uninstall-user", HOME="/home/ada").returncode == 0
    assert f"systemctl --user stop {UNIT.name}" in home.log()
    assert [path for path in ada.rglob("*") if not path.is_dir()] == []


def test_a_session_s_service_is_refused_to_root_without_a_session_and_beside_the_system_s(home: Home) -> None:
    done = home.do("install-user", HOME="/root")
    assert (done.returncode, home.log()) == (1, [])
    assert "make install-user without sudo" in done.stderr
    home.touch("uid", "1000\n")
    done = home.do("install-user", HOME="/home/ada")  # is-enabled: every answer of this systemctl is yes
    assert done.returncode == 1
    assert "disable --now edge-asr" in done.stderr
    home.fake("systemctl", "exit 1")
    done = home.do("install-user", HOME="/home/ada")
    assert done.returncode == 1
    assert "log in as yourself" in done.stderr
    assert not (home.folder / "home").exists()


def test_without_systemd_nothing_is_begun(home: Home) -> None:
    (home.bin / "systemctl").unlink()
    done = home.do("install")
    assert done.returncode == 1
    assert "no systemd here" in done.stderr
    assert home.log() == []


def test_the_first_settings_are_good_with_every_key_in_them(home: Home, tmp_path: Path) -> None:
    assert home.do("install").returncode == 0
    file = home.folder / "etc/edge_asr/config.toml"
    assert file.stat().st_mode & 0o777 == 0o644
    state = places()["state"]
    config = load(str(file), [], {})
    assert model_folder(config, {}) == model_folder(Config(), {"STATE_DIRECTORY": state})
    every = tmp_path / "every.toml"
    every.write_text(re.sub(r"^# (\w+ = )", r"\1", file.read_text(), flags=re.MULTILINE))
    assert load(str(every), [], {}).mqtt.username == "kitchen"


def test_make_has_both_targets() -> None:
    for target in ("install", "uninstall"):
        assert make("--dry-run", target).strip().endswith(f"sh deploy/debian/service.sh {target}")
