"""The private broker: it starts, keeps its port, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from edge_asr.demo.broker import Broker
from edge_asr.errors import EdgeAsrError
from tests.waiting import wait_until

pytestmark = pytest.mark.broker


def publishes(broker: Broker, *words: str) -> bool:
    command = ["mosquitto_pub", "-h", broker.host, "-p", str(broker.port), "-t", "t", "-m", "m", *words]
    return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_it_answers_until_it_is_left() -> None:
    with Broker() as broker:
        assert publishes(broker)
        pid = broker.pid
        broker.start()  # a running one is left as it is
        assert broker.pid == pid
    assert not runs(pid)
    assert broker.pid == 0


def test_the_port_stays_the_same() -> None:
    with Broker() as broker:
        port, pid = broker.port, broker.pid
        broker.restart()
        assert (broker.port, broker.pid != pid) == (port, True)
        assert publishes(broker)
        broker.kill()
        assert not publishes(broker)
        broker.start()
        assert broker.port == port
        assert publishes(broker)


def test_only_users_come_in() -> None:
    with Broker(users={"edge": "pa55"}) as broker:
        assert publishes(broker, "-u", "edge", "-P", "pa55")
        assert not publishes(broker, "-u", "edge", "-P", "wrong")
        assert not publishes(broker)


def test_what_is_retained_survives_a_restart_with_persistence() -> None:
    with Broker(persistence=True) as broker:
        assert publishes(broker, "-r", "-q", "1")
        broker.restart()
        command = ["mosquitto_sub", "-p", str(broker.port), "-t", "t", "-C", "1", "-W", "10"]
        assert subprocess.run(command, capture_output=True, timeout=20, check=True).stdout == b"m\n"


def test_a_wrong_line_is_named_and_nothing_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(EdgeAsrError, match=r'did not start: .*"nonsense"'), Broker(lines=["nonsense 3"]):
        pass
    assert list(tmp_path.iterdir()) == []


def test_without_mosquitto_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(EdgeAsrError, match="'mosquitto' is not installed; sudo apt install mosquitto"):
        Broker()


def test_it_is_found_where_the_path_of_a_user_does_not_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    path = [part for part in os.environ["PATH"].split(os.pathsep) if "sbin" not in part]
    monkeypatch.setenv("PATH", os.pathsep.join(path))
    with Broker() as broker:
        assert publishes(broker)


def test_nothing_outlives_a_killed_owner(tmp_path: Path) -> None:
    program = """
        import time
        from edge_asr.demo.broker import Broker
        with Broker() as broker:
            print(broker.pid, flush=True)
            time.sleep(60)
    """
    owner = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    with owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert runs(pid)
        assert len(list(tmp_path.iterdir())) == 1
        owner.send_signal(signal.SIGKILL)
    wait_until(lambda: not runs(pid), 10.0, "the broker was to end")
    wait_until(lambda: not list(tmp_path.iterdir()), 10.0, "its folder was to go")
