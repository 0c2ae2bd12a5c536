"""Installed for good: the unit says what the program does, and the script puts in place what the unit expects."""

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edge_asr import supervisor
from edge_asr.cli.main import build_parser
from edge_asr.config import Config
from edge_asr.errors import EXIT_CONFIG
from edge_asr.secret_file import secret
from edge_asr.settings import SYSTEM_FILE, load, model_folder
from tests.service_home import PACKAGES, SCRIPT, Home
from tests.small_debian import System, make

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "systemd" / "edge-asr.service"
ANALYZE = shutil.which("systemd-analyze")


def directives(text: str) -> dict[str, list[str]]:
    """Values of each key of a unit, in order; a key may come more than once."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@pytest.fixture(scope="module")
def unit() -> dict[str, list[str]]:
    return directives(UNIT.read_text())


def places() -> dict[str, str]:
    """Where the script puts things: its own variables."""
    return dict(re.findall(r"^([a-z_]+)=(?:\$root)?(\S+)", SCRIPT.read_text(), re.MULTILINE))


def verify(folder: Path, text: str) -> str:
    """What systemd says against a unit; the program need not be installed."""
    assert ANALYZE is not None
    file = folder / UNIT.name
    file.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/sh", text, flags=re.MULTILINE))
    command = [ANALYZE, "verify", "--man=no", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return "\n".join(line for line in done.stderr.splitlines() if UNIT.name in line)


def test_the_unit_has_three_sections_and_no_key_twice_but_lists() -> None:
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.read(UNIT)
    assert parser.sections() == ["Unit", "Service", "Install"]
    repeated = {key for key, values in directives(UNIT.read_text()).items() if len(values) > 1}
    assert repeated <= {"After", "SystemCallFilter"}


@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze here")
def test_systemd_has_nothing_against_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text()
    assert verify(tmp_path, text) == ""
    assert "Unknown key" in verify(tmp_path, text.replace("WatchdogSec", "WatchdogSecs"))


@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze here")
def test_the_service_can_do_little_besides_its_work() -> None:
    assert ANALYZE is not None
    command = [ANALYZE, "security", "--offline=yes", "--no-pager", "--threshold=25", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_the_unit_starts_what_is_installed(unit: dict[str, list[str]]) -> None:
    program, *words = unit["ExecStart"][0].split()
    assert program == places()["command"]
    assert build_parser(words[0]).parse_args(words).command == "run"
    assert unit["User"] == [places()["user"]]
    assert places()["unit"] == UNIT.name


def test_unit_script_and_program_agree_on_the_folders(unit: dict[str, list[str]]) -> None:
    state = f"/var/lib/{unit['StateDirectory'][0]}"
    assert state == places()["state"]
    assert Path(f"/etc/{unit['ConfigurationDirectory'][0]}") == SYSTEM_FILE.parent == Path(places()["settings"])
    assert model_folder(Config(), {"STATE_DIRECTORY": state}) == Path(state) / "models"


def test_a_wrong_configuration_is_not_tried_again(unit: dict[str, list[str]]) -> None:
    assert unit["Restart"] == ["on-failure"]
    assert unit["RestartPreventExitStatus"] == [str(EXIT_CONFIG)]


def test_the_deadlines_have_room(unit: dict[str, list[str]]) -> None:
    assert (unit["Type"], unit["NotifyAccess"]) == (["notify"], ["main"])
    assert int(unit["WatchdogSec"][0]) >= 10 * supervisor._TICK_S + supervisor._FRESH_BEAT_S
    assert int(unit["TimeoutStopSec"][0]) >= 2 * supervisor._DRAIN_S


def test_sound_network_and_callbacks_are_not_shut_out(unit: dict[str, list[str]]) -> None:
    assert unit["DeviceAllow"] == ["char-alsa rw"]
    assert unit["SupplementaryGroups"] == ["audio"]
    assert {"AF_UNIX", "AF_INET", "AF_INET6"} <= set(unit["RestrictAddressFamilies"][0].split())
    assert not {"PrivateDevices", "PrivateNetwork", "ProcSubset", "MemoryDenyWriteExecute"} & set(unit)


def test_the_service_may_ask_whether_the_clock_is_set(unit: dict[str, list[str]]) -> None:
    allowed = unit["SystemCallFilter"][-1].split()  # the last word counts; @privileged holds these
    assert {"adjtimex", "clock_adjtime", "clock_adjtime64"} == set(allowed)
    assert "ProtectClock" not in unit  # it refuses them whatever else is said
    assert unit["CapabilityBoundingSet"] == [""]  # to set it takes CAP_SYS_TIME


def test_the_password_of_the_unit_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = UNIT.read_text()
    name = re.search(r"^# LoadCredential=(\S+):", text, re.MULTILINE)
    assert name is not None
    assert f'password_file = "{name[1]}"' in text
    (tmp_path / name[1]).write_text("s3cret\n")
    (tmp_path / name[1]).chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert secret(name[1], "mqtt.password_file") == "s3cret"


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
    assert (home.folder / "usr/local/lib/systemd/system" / UNIT.name).read_text() == UNIT.read_text()
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
    gone = ("opt/edge_asr", "usr/local/bin/edge-asr", f"usr/local/lib/systemd/system/{UNIT.name}")
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
