"""In a container each fault is mended from outside, and the fix says by which words."""

import errno
import os
import socket
from pathlib import Path

import pytest

from edge_asr.clock import SystemClock
from edge_asr.config import MqttConfig
from edge_asr.doctor.broker import broker
from edge_asr.doctor.container import container
from edge_asr.doctor.machine import memory
from edge_asr.doctor.sound_cards import sound_cards
from edge_asr.doctor.sound_server import socket_fault
from edge_asr.memory_limit import MemoryLimit

MB = 1_000_000


def test_who_the_daemon_is_and_what_it_can_keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (told,) = container("podman", tmp_path, named=True)
    assert (told.level, told.text.startswith(f"podman; user {os.getuid()}, groups ")) == ("ok", True)
    _, nameless = container("podman", tmp_path, named=False)
    assert (nameless.level, nameless.fix) == ("warn", "-e EDGE_ASR__DEVICE__ID=kitchen")
    monkeypatch.setattr(os, "access", lambda *_: False)
    _, kept = container("docker", tmp_path / "state", named=True)
    assert kept.level == "warn"
    assert kept.fix.endswith(f"-v edge_asr:{tmp_path / 'state'}")


def test_a_socket_that_was_not_mounted(tmp_path: Path) -> None:
    path = tmp_path / "native"
    seen, fix = socket_fault(f"unix:{path}", {"PULSE_SERVER": f"unix:{path}"}, contained=True)
    assert seen == "there is no such socket"
    assert fix == f'-v "$XDG_RUNTIME_DIR/pulse/native:{path}" for PulseAudio or PipeWire, or --device /dev/snd for ALSA'


def test_a_socket_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "native"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        monkeypatch.setattr(os, "access", lambda *_: False)
        _, fix = socket_fault(f"unix:{path}", {}, contained=True)
    assert fix == f"start the container with --user {os.getuid()}, whose sound server it is"


def test_a_socket_that_the_server_has_left(tmp_path: Path) -> None:
    path = tmp_path / "native"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        seen, fix = socket_fault(f"unix:{path}", {}, contained=True)
    assert seen == "nobody listens at the socket"
    assert fix.endswith(f"-v FOLDER:{tmp_path}")


def test_a_cookie_that_is_missing_closed_or_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, cookie = tmp_path / "native", tmp_path / "cookie"
    variables = {"PULSE_COOKIE": str(cookie)}
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(9)
        address = f"unix:{path}"
        assert f"-v ~/.config/pulse/cookie:{cookie}:ro" in socket_fault(address, variables, contained=True)[1]
        cookie.touch()
        assert "is another server's cookie" in socket_fault(address, variables, contained=True)[1]
        allowed = os.access
        monkeypatch.setattr(os, "access", lambda place, mode: str(place) != str(cookie) and allowed(place, mode))
        assert "may not read its cookie" in socket_fault(address, variables, contained=True)[1]


def test_sound_cards_that_were_not_brought_in(tmp_path: Path) -> None:
    (finding,) = sound_cards(tmp_path / "snd", tmp_path / "asound", contained=True)
    assert finding.level == "FAIL"
    assert finding.fix.startswith(f"--device {tmp_path / 'snd'}; ")
    assert "--device-cgroup-rule 'c 116:* rmw'" in finding.fix


def devices(folder: Path) -> Path:
    folder.mkdir()
    (folder / "pcmC1D0c").touch()
    return folder


@pytest.mark.parametrize(
    ("fault", "fix"),
    [
        (errno.EACCES, "--group-add {gid}, the group of {device}"),
        (errno.EPERM, "--device {folder}; or, for cards that come and go: -v {folder}:{folder} --device-cgroup-rule"),
    ],
)
def test_a_device_is_closed_by_its_group_or_by_the_containers_rules(
    fault: int, fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(fault, os.strerror(fault))

    folder = devices(tmp_path / "snd")
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(os, "open", refuse)
    (finding,) = sound_cards(folder, tmp_path / "asound", contained=True)
    assert finding.level == "FAIL"
    assert finding.fix.startswith(fix.format(gid=folder.stat().st_gid, folder=folder, device=folder / "pcmC1D0c"))


def test_cards_whose_names_docker_hides(tmp_path: Path) -> None:
    (hidden,) = sound_cards(devices(tmp_path / "snd"), tmp_path / "asound", contained=True)
    assert (hidden.level, "systempaths=unconfined" in hidden.fix) == ("warn", True)


def test_localhost_is_the_container_itself() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        config = MqttConfig(host="localhost", port=taken.getsockname()[1])
        (finding,) = broker(config, "ears", SystemClock(), contained=True)
    assert "localhost is the container itself" in finding.fix


def test_the_limit_is_told_and_held_against_what_the_models_need(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemAvailable: 8000000 kB\n")
    limit = MemoryLimit(300 * MB, 50 * MB)
    good = memory(250 * MB, meminfo, limit, 200 * MB, "less")
    assert (good.level, "limited to 300 MB, of which 50 MB are in use" in good.text) == ("ok", True)
    bad = memory(250 * MB, meminfo, limit, 400 * MB, "set second_pass.enabled = false")
    assert (bad.level, bad.fix) == ("FAIL", "set second_pass.enabled = false")
    assert bad.text.endswith("the models want about 400 MB")
