"""A daemon that the house controls: by command and by signal alike, and across its own restarts."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from paho.mqtt import publish

from edge_asr.demo.broker import Broker
from edge_asr.demo.daemon import Daemon
from edge_asr.demo.pulse_server import PulseServer
from tests.e2e.conftest import DEVICE, House, Listener
from tests.waiting import wait_until

pytestmark = [pytest.mark.pulse, pytest.mark.broker, pytest.mark.bundle]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], House]]:
    """Starts daemons one after another that keep their state in the same folder."""
    empty = tmp_path / "empty.toml"
    empty.touch()
    with ExitStack() as stack:
        server = stack.enter_context(PulseServer())
        broker = stack.enter_context(Broker())
        listener = Listener(broker.port)
        stack.callback(listener.close)
        settings = (f"mqtt.host={broker.host}", f"mqtt.port={broker.port}", f"device.id={DEVICE}")
        words = ["--config", str(empty), *(word for setting in settings for word in ("--set", setting))]
        variables = {**server.environment(), "XDG_STATE_HOME": str(tmp_path / "kept")}

        def begin() -> House:
            daemon = stack.enter_context(Daemon(words, variables, show_log=True))
            return House(server, broker, daemon, listener)

        yield begin


def command(house: House, control: str, payload: str) -> None:
    topic = f"edge_asr/{DEVICE}/{control}/set"
    publish.single(topic, payload, qos=1, hostname=house.broker.host, port=house.broker.port)


def answered(house: House, control: str, text: str) -> bool:
    answers = house.listener.of(f"{control}/state")
    return bool(answers) and answers[-1].body["text"] == text


def until_answered(house: House, control: str, text: str) -> None:
    wait_until(lambda: answered(house, control, text), 10, f"{control} {text}")


def until_state(house: House, state: str) -> None:
    wait_until(lambda: house.listener.state() == state, 10, state)


def microphone_open(house: House) -> bool:
    outputs = house.server.pactl("list", "short", "source-outputs").splitlines()
    return any("module-remap-source" not in line for line in outputs)  # that is how the microphone itself is made


def test_command_and_signal_are_one_mute_which_survives_the_process(start: Callable[[], House]) -> None:
    house = start()
    house.until_listening()
    assert answered(house, "mute", "OFF")
    command(house, "mute", "ON")
    until_answered(house, "mute", "ON")
    until_state(house, "muted")
    wait_until(lambda: not microphone_open(house), 5, "a closed microphone")
    os.kill(house.daemon.pid, signal.SIGUSR2)
    until_answered(house, "mute", "OFF")
    house.until_listening()
    command(house, "sensitivity", "80")
    until_answered(house, "sensitivity", "80")
    command(house, "sensitivity", "very")
    wait_until(
        lambda: [each for each in house.listener.of("event") if each.body.get("code") == "command"], 5, "a refusal"
    )
    [refusal] = [each.body for each in house.listener.of("event") if each.body.get("code") == "command"]
    assert (refusal["event_type"], refusal["message"].split(",")[0]) == (
        "error",
        "sensitivity/set: 'very' is refused",
    )
    os.kill(house.daemon.pid, signal.SIGUSR1)
    until_answered(house, "mute", "ON")
    wait_until(lambda: not microphone_open(house), 5, "a closed microphone")
    os.kill(house.daemon.pid, signal.SIGKILL)  # as when the power is cut
    wait_until(lambda: house.daemon.exit_code() is not None, 5, "its end")

    house.listener.messages.clear()
    again = start()
    until_state(again, "muted")
    until_answered(again, "mute", "ON")
    until_answered(again, "sensitivity", "80")
    assert not microphone_open(again)
    assert "listening" not in [message.body["state"] for message in again.listener.of("state")]
    command(again, "mute", "OFF")
    again.until_listening()
    assert microphone_open(again)
