"""The appliance in its house: it hears and publishes, and every mishap ends in listening again or in one clear line."""

import time
from collections.abc import Iterator

import pytest

from tests.system.service.conftest import CONFIGURATION, SENTENCE
from tests.system.service.machine import UNIT, Listener, Machine
from tests.waiting import wait_until

PYTHON = "/opt/edge_asr/current/bin/python3"
CLEAR = "he might even have been made amiable himself"
WRITTEN = ("sh", "-c", f"grep --quiet --text '{CLEAR}' /var/lib/edge_asr/spool.sqlite*")


@pytest.fixture
def listener(appliance: Machine) -> Iterator[Listener]:
    with Listener(appliance) as listener:
        yield listener


def hears(appliance: Machine, listener: Listener) -> None:
    """The sentence, said now, arrives."""
    before = len(listener.texts())
    appliance.say(SENTENCE)
    wait_until(lambda: len(listener.texts()) > before, 30, "the sentence")
    assert listener.texts()[-1] == CLEAR


def restarts(appliance: Machine) -> int:
    return int(appliance.show("NRestarts"))


def test_what_is_said_into_the_microphone_is_published(appliance: Machine, listener: Listener) -> None:
    hears(appliance, listener)
    assert "mqtt" not in appliance.status()  # nothing is wrong with the broker, whose password was a credential
    assert CLEAR not in appliance.journal()


def test_it_runs_with_nothing_that_it_does_not_need(appliance: Machine) -> None:
    pid = appliance.show("MainPID")
    status = dict(line.split(":\t", 1) for line in appliance.run("cat", f"/proc/{pid}/status").splitlines())
    assert set(status["CapEff"] + status["CapBnd"] + status["CapPrm"]) == {"0"}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    users = appliance.run("id", "--user", "edge-asr").strip()
    assert set(status["Uid"].split()) == {users}
    audio = appliance.run("getent", "group", "audio").split(":")[2]
    assert audio in status["Groups"].split()
    inside = ["nsenter", f"--target={pid}", "--mount"]
    assert appliance.try_run(*inside, "touch", "/etc/probe").returncode != 0
    assert appliance.try_run(*inside, "touch", "/var/lib/edge_asr/models/en/manifest.json").returncode != 0
    assert appliance.try_run(*inside, "touch", "/var/lib/edge_asr/touched").returncode == 0
    devices = set(appliance.run(*inside, "ls", "/dev").split())
    assert {"null", "urandom", "shm"} <= devices
    assert not {"kmsg", "mem", "fuse", "vda", "sda"} & devices


def test_a_sound_device_may_be_opened_by_who_is_of_the_group_alone(appliance: Machine) -> None:
    """No card is there: of a device that may be opened the kernel says so, of another that it may not."""
    probe = (
        "import errno, pathlib\n"
        "def tried(path):\n"
        "    try: open(path, 'rb')\n"
        "    except OSError as error: return errno.errorcode[error.errno]\n"
        "    return 'opened'\n"
        "names = ('pcmC9D0c', 'pcmC9D1c')\n"
        "said = ' '.join(tried(f'/dev/snd/{name}') for name in names)\n"
        "pathlib.Path('/var/lib/edge_asr/probe').write_text(said)\n"
    )
    appliance.write("/srv/probe.py", probe)
    appliance.write(f"/run/systemd/system/{UNIT}.d/probe.conf", f"[Service]\nExecStartPre={PYTHON} /srv/probe.py\n")
    inside = ["nsenter", f"--target={appliance.show('MainPID')}", "--mount"]
    assert appliance.run(*inside, "ls", "/dev/snd") == ""
    try:
        for name, group in (("pcmC9D0c", "audio"), ("pcmC9D1c", "root")):
            appliance.run("mknod", "--mode=660", f"/dev/snd/{name}", "c", "116", "200")
            appliance.run("chgrp", group, f"/dev/snd/{name}")
        assert appliance.run(*inside, "ls", "/dev/snd").split() == ["pcmC9D0c", "pcmC9D1c"]  # plugged in while it runs
        appliance.run("systemctl", "daemon-reload")
        appliance.run("systemctl", "restart", UNIT)
        assert appliance.run("cat", "/var/lib/edge_asr/probe") in {"ENODEV EACCES", "ENXIO EACCES"}
    finally:
        appliance.run("rm", "-rf", "/dev/snd/pcmC9D0c", "/dev/snd/pcmC9D1c", f"/run/systemd/system/{UNIT}.d")
        appliance.run("systemctl", "daemon-reload")
        appliance.run("systemctl", "restart", UNIT)
    appliance.until_listening()


def test_one_that_hangs_is_started_anew_by_the_watchdog(appliance: Machine, listener: Listener) -> None:
    before, pid = restarts(appliance), appliance.show("MainPID")
    assert pid != "0"
    appliance.run("kill", "-STOP", pid)
    wait_until(lambda: restarts(appliance) == before + 1, 60, "the watchdog")
    assert "Watchdog timeout" in appliance.journal("--lines=50")
    appliance.until_listening()
    assert appliance.show("MainPID") != pid
    hears(appliance, listener)


def test_what_was_said_before_it_was_killed_arrives_when_the_broker_is_back(
    appliance: Machine, listener: Listener
) -> None:
    before, known = restarts(appliance), len(listener.finals())
    appliance.run("systemctl", "stop", "mosquitto")
    try:
        wait_until(lambda: "mqtt: " in appliance.status(), 30, "the broker's absence")
        appliance.say(SENTENCE)
        wait_until(lambda: appliance.try_run(*WRITTEN).returncode == 0, 30, "the final on disk")
        appliance.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", UNIT)
        wait_until(lambda: restarts(appliance) == before + 1, 30, "the restart")
        appliance.until_listening()
        assert "mqtt: " in appliance.status()  # it listens, and says that the broker is away
        assert len(listener.finals()) == known
    finally:
        appliance.run("systemctl", "start", "mosquitto")
    wait_until(lambda: len(listener.finals()) > known, 90, "what was said before")
    assert listener.texts()[known] == CLEAR
    wait_until(lambda: appliance.try_run(*WRITTEN).returncode == 1, 30, "an empty spool")
    assert len({final["segment_id"] for final in listener.finals()[known:]}) == 1
    hears(appliance, listener)


def test_without_a_microphone_it_is_active_and_degraded(appliance: Machine, listener: Listener) -> None:
    appliance.run("systemctl", "stop", "pulseaudio")
    wait_until(lambda: listener.states()[-1] == "degraded", 30, "degraded")
    appliance.run("systemctl", "restart", UNIT)  # and so it starts
    assert appliance.show("ActiveState") == "active"
    wait_until(lambda: "degraded" in listener.states()[-1], 30, "degraded")
    assert appliance.show("ActiveState") == "active"
    assert not appliance.status().startswith("listening")
    before = restarts(appliance)
    appliance.run("systemctl", "start", "pulseaudio")
    appliance.until_listening()
    assert restarts(appliance) == before
    hears(appliance, listener)


def test_a_wrong_configuration_fails_once_and_is_told_as_an_error(appliance: Machine) -> None:
    appliance.write("/etc/edge_asr/config.toml", CONFIGURATION.replace("username", "usrename"))
    try:
        assert appliance.try_run("systemctl", "restart", UNIT).returncode != 0
        time.sleep(8)  # longer than RestartSec
        assert (appliance.show("ActiveState"), appliance.show("ExecMainStatus")) == ("failed", "78")
        assert appliance.show("NRestarts") == "0"
        said = appliance.journal("--priority=err", "--lines=20")
        assert said.count("edge-asr: mqtt.usrename: unknown key (from /etc/edge_asr/config.toml)") == 1
    finally:
        appliance.write("/etc/edge_asr/config.toml", CONFIGURATION)
        appliance.run("systemctl", "restart", UNIT)
    appliance.until_listening()


def test_after_a_reboot_it_listens_again(appliance: Machine) -> None:
    appliance.reboot()
    appliance.until_listening()
    with Listener(appliance) as listener:
        hears(appliance, listener)


def test_a_person_has_the_same_in_the_own_session(appliance: Machine) -> None:
    """Under systemd's manager for that user, with the unit that the package brings."""
    appliance.run("systemctl", "stop", UNIT)
    appliance.run("useradd", "--create-home", "ada")
    home = "/home/ada"
    try:
        settings = f'{CONFIGURATION}\n[device]\nid = "desk"\n'.replace('"mqtt_password"', f'"{home}/secret"')
        appliance.write(f"{home}/.config/edge_asr/config.toml", settings)
        appliance.write(f"{home}/secret", "s3cret\n")
        place = f"{home}/.config/systemd/user/{UNIT}.d/sound.conf"
        appliance.write(place, "[Service]\nEnvironment=PULSE_SERVER=unix:/run/pulse/native\n")
        appliance.run("mkdir", "-p", f"{home}/.local/share/edge_asr/models")
        appliance.run("cp", "-r", "/srv/en", f"{home}/.local/share/edge_asr/models/en")
        appliance.run("chmod", "600", f"{home}/secret")
        appliance.run("chown", "-R", "ada:", home)
        appliance.run("loginctl", "enable-linger", "ada")
        session = ("systemctl", "--user", "--machine=ada@")
        wait_until(lambda: appliance.try_run(*session, "is-system-running").stdout.strip() == "running", 30, "session")
        appliance.run(*session, "start", UNIT)
        status = (*session, "show", "--property=StatusText", "--value", UNIT)
        wait_until(lambda: appliance.run(*status).startswith("listening"), 60, "listening")
    finally:
        appliance.try_run("loginctl", "terminate-user", "ada")
        appliance.try_run("loginctl", "disable-linger", "ada")
        appliance.run("systemctl", "start", UNIT)
    appliance.until_listening()
