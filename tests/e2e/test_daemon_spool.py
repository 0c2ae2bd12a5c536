"""What was said while the broker was away outlives the daemon, whether it is killed or told to stop."""

import os
import signal
import stat
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge_asr.demo.broker import Broker
from edge_asr.demo.daemon import Daemon
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.demo.sample import sample
from tests.e2e.conftest import Listener
from tests.waiting import wait_until

pytestmark = [pytest.mark.pulse, pytest.mark.broker, pytest.mark.bundle]
CLEAR = "he might even have been made amiable himself"
PROMISED_S = 3.0


def killed(daemon: Daemon) -> None:
    os.kill(daemon.pid, signal.SIGKILL)
    wait_until(lambda: daemon.exit_code() is not None, 10, "the end of the daemon")


def told_to_stop(daemon: Daemon) -> None:
    began = time.monotonic()
    daemon.terminate()
    wait_until(lambda: daemon.exit_code() is not None, 10, "the end of the daemon")
    assert time.monotonic() - began < PROMISED_S
    assert daemon.exit_code() == 0


@pytest.mark.parametrize("end", [killed, told_to_stop])
def test_the_next_daemon_delivers_it_once_the_broker_is_back(end: Callable[[Daemon], None], tmp_path: Path) -> None:
    empty, spool = tmp_path / "empty.toml", tmp_path / "state" / "spool.sqlite"
    empty.touch()
    with ExitStack() as stack:
        server = stack.enter_context(PulseServer())
        broker = stack.enter_context(Broker())
        listener = Listener(broker.port)
        stack.callback(listener.close)
        settings = (
            *(f"mqtt.host={broker.host}", f"mqtt.port={broker.port}", "mqtt.reconnect_max_s=1", "device.id=ears"),
            *("mqtt.spool.mode=disk", f"mqtt.spool.path={spool}", "second_pass.enabled=false"),
        )
        words = ["--config", str(empty), *(word for setting in settings for word in ("--set", setting))]
        with Daemon(words, server.environment(), show_log=True) as daemon:
            wait_until(lambda: listener.state() == "listening", 20, "listening")
            broker.stop()
            assert server.play(sample()[4]).wait(60) == 0
            wait_until(lambda: CLEAR.encode() in written(spool), 10, "the sentence on disk")
            assert {stat.S_IMODE(each.stat().st_mode) for each in spool.parent.iterdir()} == {0o600}
            end(daemon)
        broker.start()
        wait_until(lambda: "Received SUBSCRIBE" in broker.log, 20, "the listener's return")
        with Daemon(words, server.environment(), show_log=True):
            wait_until(lambda: listener.texts() == [CLEAR], 20, "the sentence said before")
            wait_until(lambda: CLEAR.encode() not in written(spool), 15, "a file without words")
        assert listener.texts() == [CLEAR]


def written(spool: Path) -> bytes:
    return b"".join(each.read_bytes() for each in spool.parent.iterdir())
