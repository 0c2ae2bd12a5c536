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
from edge_asr.settings import SYSTEM_FILE, model_folder
from tests.service_home import SCRIPT
from tests.units import MODEL_UNIT, UNIT, USER_UNIT, directives, places

UNITS = pytest.mark.parametrize("file", [UNIT, MODEL_UNIT, USER_UNIT], ids=["system", "model", "user"])
ANALYZE = shutil.which("systemd-analyze")


@pytest.fixture(scope="module")
def unit() -> dict[str, list[str]]:
    return directives(UNIT.read_text())


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
