"""Installed for good: the unit says what the program does, and the script puts in place what the unit expects."""

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edge_asr import supervisor
from edge_asr.asr.bundle import MANIFEST_FILE
from edge_asr.cli.main import build_parser
from edge_asr.config import Config
from edge_asr.errors import EXIT_CONFIG, FetchError, ModelError
from edge_asr.secret_file import secret
from edge_asr.settings import SYSTEM_FILE, load, model_folder
from tests.service_home import PACKAGES, SCRIPT, Home
from tests.small_debian import System, make

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "systemd" / "edge-asr.service"
MODEL_UNIT = ROOT / "systemd" / "edge-asr-model.service"
USER_UNIT = ROOT / "systemd" / "user" / "edge-asr.service"
UNITS = pytest.mark.parametrize("file", [UNIT, MODEL_UNIT, USER_UNIT], ids=["system", "model", "user"])
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


def verify(folder: Path, original: Path, text: str) -> str:
    """Every word that systemd says against a unit; the program need not be installed."""
    assert ANALYZE is not None
    file = folder / original.name
    file.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/sh", text, flags=re.MULTILINE))
    (folder / "run").mkdir(exist_ok=True)
    scope = ["--user"] if original == USER_UNIT else []
    command = [ANALYZE, *scope, "verify", "--man=no", "--recursive-errors=no", str(file)]
    variables = {**os.environ, "XDG_RUNTIME_DIR": str(folder / "run")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=variables)
    return done.stderr


@UNITS
def test_a_unit_has_its_sections_and_no_key_twice_but_lists(file: Path) -> None:
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.read(file)
    assert parser.sections() == ["Unit", "Service", "Install"][: 2 if file == MODEL_UNIT else 3]
    repeated = {key for key, values in directives(file.read_text()).items() if len(values) > 1}
    assert repeated <= {"After", "Wants", "SystemCallFilter"}


@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze here")
@UNITS
def test_systemd_has_nothing_against_the_unit(file: Path, tmp_path: Path) -> None:
    text = file.read_text()
    assert verify(tmp_path, file, text) == ""
    assert "Unknown key" in verify(tmp_path, file, text.replace("RestartSec", "RestartSecs"))


@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze here")
@pytest.mark.parametrize("file", [UNIT, MODEL_UNIT], ids=["system", "model"])
def test_the_service_can_do_little_besides_its_work(file: Path) -> None:
    assert ANALYZE is not None
    command = [ANALYZE, "security", "--offline=yes", "--no-pager", "--threshold=15", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_the_unit_starts_what_is_installed(unit: dict[str, list[str]]) -> None:
    program, *words = unit["ExecStart"][0].split()
    assert program == f"{places()['program']}/current/bin/edge-asr"
    assert build_parser(words[0]).parse_args(words).command == "run"
    assert unit["User"] == [places()["user"]]
    assert (places()["unit"], places()["model_unit"]) == (UNIT.name, MODEL_UNIT.name)


def test_the_model_is_fetched_by_the_same_program_for_the_same_user(unit: dict[str, list[str]]) -> None:
    fetching = directives(MODEL_UNIT.read_text())
    program, *words = fetching["ExecStart"][0].split()
    assert program == unit["ExecStart"][0].split()[0]
    assert build_parser(words[0]).parse_args(words).names == []  # the configured one
    assert fetching["User"] == unit["User"]
    here, gone = unit["ConditionPathExistsGlob"][0], fetching["ConditionPathExistsGlob"][0]
    assert gone == f"!{here}"
    assert here == f"/var/lib/{unit['StateDirectory'][0]}/models/*/{MANIFEST_FILE}"
    assert fetching["StateDirectory"] == ["edge_asr edge_asr/models"]
    assert unit["ReadOnlyPaths"] == ["-/var/lib/edge_asr/models"]
    assert MODEL_UNIT.name in unit["Wants"]
    assert unit["After"][0] == MODEL_UNIT.name
    assert fetching["ExecStartPost"][0].split()[-2:] == ["start", UNIT.name]
    assert unit["PropagatesStopTo"] == [MODEL_UNIT.name]


def test_a_fetch_that_failed_for_want_of_a_network_is_tried_again_but_not_one_that_needs_a_person() -> None:
    fetching = directives(MODEL_UNIT.read_text())
    assert fetching["Restart"] == ["on-failure"]
    assert fetching["RestartPreventExitStatus"] == [str(ModelError.exit_code)]
    assert FetchError.exit_code != ModelError.exit_code
    assert "network-online.target" not in fetching.get("Wants", [])  # a boot without network is not held up


@UNITS
def test_no_number_of_restarts_is_the_end(file: Path) -> None:
    assert directives(file.read_text())["StartLimitIntervalSec"] == ["0"]


def test_the_session_s_service_is_kept_alive_like_the_system_s(unit: dict[str, list[str]]) -> None:
    session = directives(USER_UNIT.read_text())
    alike = ["Type", "NotifyAccess", "Restart", "RestartSec", "RestartPreventExitStatus", "WatchdogSec", "LimitCORE"]
    alike += ["TimeoutStartSec", "TimeoutStopSec", "MemoryHigh", "MemoryMax", "OOMPolicy", "SystemCallFilter"]
    assert {key: session[key] for key in alike} == {key: unit[key] for key in alike}
    assert session["ExecStart"] == ["%h/.local/bin/edge-asr run"]
    assert "User" not in session
    assert session["WantedBy"] == ["default.target"]


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
    assert (unit["PrivateDevices"], unit["BindPaths"]) == (["yes"], ["-/dev/snd"])
    assert unit["ExecStartPre"] == ["+/bin/mkdir -p -m 755 /dev/snd"]
    assert "audio" in SCRIPT.read_text().split("systemd-sysusers", 1)[1].splitlines()[0]  # a member of that group
    assert {"AF_UNIX", "AF_INET", "AF_INET6"} <= set(unit["RestrictAddressFamilies"][0].split())
    assert not {"PrivateNetwork", "ProcSubset", "MemoryDenyWriteExecute"} & set(unit)


def test_the_service_may_ask_whether_the_clock_is_set(unit: dict[str, list[str]]) -> None:
    allowed = " ".join(unit["SystemCallFilter"][2:]).split()  # the last word counts; @privileged holds these
    assert {"adjtimex", "clock_adjtime", "clock_adjtime64", "capset"} == set(allowed)
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
