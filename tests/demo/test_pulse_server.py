import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge_asr.demo.pulse_server import PulseServer
from edge_asr.errors import EdgeAsrError
from tests.waiting import wait_until

pytestmark = pytest.mark.pulse


def there(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_it_answers_with_its_microphone_and_leaves_nothing_behind() -> None:
    with PulseServer() as server:
        folder, pid = server.socket.parent, server.pid
        assert server.socket.is_socket()
        assert folder.stat().st_mode & 0o077 == 0  # nobody else's ears
        assert "Default Source: usb_mic" in server.pactl("info")
        sources = server.pactl("list", "short", "sources")
        assert "usb_mic" in sources
        server.unload_microphone()
        assert "usb_mic" not in server.pactl("list", "short", "sources")
        server.load_microphone()
        assert "Default Source: usb_mic" in server.pactl("info")
    assert not there(pid)
    assert not folder.exists()


def test_it_is_not_the_sound_server_of_this_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nonexistent")
    with PulseServer() as one, PulseServer() as other:
        assert one.environment()["PULSE_SERVER"] != other.environment()["PULSE_SERVER"]
        assert "usb_mic" in one.pactl("list", "short", "sources")
        one.unload_microphone()
        assert "usb_mic" in other.pactl("list", "short", "sources")


def test_it_starts_again_after_a_crash_at_the_same_place() -> None:
    with PulseServer() as server:
        first, socket = server.pid, server.socket
        server.kill()
        assert server.pid == 0
        assert not there(first)
        server.start()
        assert server.socket == socket
        assert server.pid not in {0, first}
        assert "usb_mic" in server.pactl("list", "short", "sources")
        again = server.pid
        server.start()
        assert server.pid == again


def test_it_ends_even_when_it_is_suspended() -> None:
    with PulseServer() as server:
        pid = server.pid
        server.suspend()
        wait_until(lambda: "State:\tT" in Path(f"/proc/{pid}/status").read_text(), 5.0, "suspended")
    assert not there(pid)


_PARENT = """
import sys, time
from edge_asr.demo.pulse_server import PulseServer
server = PulseServer()
server.start()
player = server.play(sys.argv[1])
if sys.argv[2] == "suspended":
    server.suspend()
print(server.pid, player.pid, server.socket.parent, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("state", ["running", "suspended"])
def test_nothing_is_left_when_its_parent_is_killed(tmp_path: Path, state: str) -> None:
    noise = tmp_path / "long.raw"
    noise.write_bytes(
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\1\0\x80\x3e\0\0\0\x7d\0\0\2\0\x10\0data\xff\xff\xff\xff"
    )
    with noise.open("ab") as file:
        file.write(b"\0" * 32000 * 30)
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(noise), state], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    try:
        assert parent.stdout is not None
        words = parent.stdout.readline().split()
        server, player, folder = int(words[0]), int(words[1]), Path(words[2])
        assert there(server)
        assert folder.exists()
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    wait_until(lambda: not there(server), 5.0, "the server has ended")
    wait_until(lambda: not folder.exists(), 5.0, "its folder is gone")
    wait_until(lambda: not there(player), 5.0, "the player has ended")


@pytest.mark.parametrize(("program", "package"), [("pulseaudio", "pulseaudio"), ("paplay", "pulseaudio-utils")])
def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch, program: str, package: str) -> None:
    find = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == program else find(name))
    with pytest.raises(EdgeAsrError, match=f"'{program}' is not installed; sudo apt install {package}$"):
        PulseServer()


def test_a_server_that_does_not_start_says_why_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(PulseServer, "_script", lambda _: ".fail\nload-module module-that-is-not-there\n")
    with pytest.raises(EdgeAsrError, match="did not start: "), PulseServer():
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_fails_is_one_line() -> None:
    with PulseServer() as server, pytest.raises(EdgeAsrError, match=r"^pactl load-module no-such-module: [^\n]+$"):
        server.pactl("load-module", "no-such-module")
