"""A daemon that the house controls: by command and by signal alike, and across its own restarts."""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from paho.mqtt import publish

from edge_asr.demo.broker import Broker
from edge_asr.demo.daemon import Daemon
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.demo.sample import sample
from tests.asr.zipformer import zipformers
from tests.cli.bundles import copy_bundle
from tests.e2e.conftest import DEVICE, FIRST_PASS, House, Listener
from tests.waiting import wait_until

pytestmark = [pytest.mark.pulse, pytest.mark.broker, pytest.mark.bundle]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Starts daemons one after another that keep their state in the same folder, each with settings of its own."""
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

        def begin(*more: str) -> House:
            added = [word for setting in more for word in ("--set", setting)]
            daemon = stack.enter_context(Daemon([*words, *added], variables, show_log=True))
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


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The English bundle, a transducer, and one that is spoiled since the daemon has looked."""
    folder = tmp_path / "models"
    copy_bundle(folder)
    shutil.copytree(zipformers.network("transducer").bundle.folder, folder / "mine")
    shutil.copytree(zipformers.network("transducer").bundle.folder, folder / "spoiled")
    manifest = folder / "spoiled" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "name": "spoiled"}))
    return folder


def refusals(house: House) -> list[str]:
    return [each.body["message"] for each in house.listener.of("event") if each.body.get("code") == "command"]


def test_volume_and_listen_now_reach_the_sound_server_and_the_recognizer(start: Callable[..., House]) -> None:
    house = start(*FIRST_PASS)
    house.until_listening()
    until_answered(house, "gain", "100")
    command(house, "gain", "55")
    until_answered(house, "gain", "55")
    assert "55%" in house.server.pactl("get-source-volume", "usb_mic")
    house.server.pactl("set-source-volume", "usb_mic", "130%")
    until_answered(house, "gain", "130")
    assert answered(house, "listen", "OFF")
    command(house, "listen", "2")  # nobody speaks
    until_answered(house, "listen", "ON")
    until_answered(house, "listen", "OFF")
    wait_until(lambda: len(house.listener.of("event")) >= 2, 5, "the segment")
    kinds = [each.body["event_type"] for each in house.listener.of("event")]
    assert kinds == ["speech_started", "speech_ended"]
    command(house, "mute", "ON")
    until_state(house, "muted")
    command(house, "listen", "PRESS")
    wait_until(lambda: refusals(house), 5, "a refusal")
    assert refusals(house) == ["listen/set: it is muted and hears nothing; send OFF to mute/set first"]
    command(house, "mute", "OFF")
    os.kill(house.daemon.pid, signal.SIGTERM)
    wait_until(lambda: house.daemon.exit_code() is not None, 5, "its end")
    house.server.pactl("set-source-volume", "usb_mic", "100%")
    house.listener.messages.clear()
    again = start(*FIRST_PASS)
    again.until_listening()
    until_answered(again, "gain", "55")


def test_another_model_takes_over_between_two_sentences_and_outlives_the_process(
    start: Callable[..., House], models: Path
) -> None:
    sentence = sample()[4]
    settings = (f"models.dir={models}", *FIRST_PASS)
    house = start(*settings)
    house.until_listening()
    assert (answered(house, "model", "en"), answered(house, "language", "en")) == (True, True)
    command(house, "hotwords", "AB")
    wait_until(lambda: refusals(house), 5, "a refusal")
    assert "a list for the model 'en' is refused" in refusals(house)[0]
    (models / "spoiled" / "tokens.txt").write_text("")
    command(house, "model", "spoiled")
    wait_until(lambda: len(refusals(house)) == 2, 10, "a refusal")
    assert refusals(house)[1].startswith("model/set: 'spoiled' cannot be listened with, 'en' goes on:")

    player = house.server.play(sentence)
    wait_until(lambda: house.listener.of("partial"), 20, "a partial")
    command(house, "model", "mine")  # in the midst of the sentence
    assert player.wait(60) == 0
    until_answered(house, "model", "mine")
    wait_until(lambda: house.listener.of("final"), 10, "its final")
    assert house.listener.texts()[0] == "he might even have been made amiable himself"
    assert house.listener.of("final")[0].body["model"] == "en"
    wait_until(lambda: house.listener.of("state")[-1].body["model"] == "mine", 5, "its name")
    finals = len(house.listener.of("final"))
    house.say(sentence)
    wait_until(lambda: len(house.listener.of("final")) > finals, 20, "a final of the other")
    assert house.listener.of("final")[-1].body["model"] == "mine"
    streams = {each.body["stream_id"] for each in house.listener.of("final")}
    assert len(streams) == 1  # the microphone was not opened anew
    ends = [each.body for each in house.listener.of("event") if each.body["event_type"] == "speech_ended"]
    assert "discontinuity" not in [each["end_reason"] for each in ends]

    command(house, "hotwords", "AB")
    wait_until(lambda: house.listener.of("hotwords/state")[-1].body["text"] == "AB", 10, "phrases")
    os.kill(house.daemon.pid, signal.SIGKILL)
    wait_until(lambda: house.daemon.exit_code() is not None, 5, "its end")
    house.listener.messages.clear()
    again = start(*settings)
    again.until_listening()
    until_answered(again, "model", "mine")
    assert again.listener.of("state")[-1].body["model"] == "mine"


@pytest.mark.parametrize("wait_s", [0.1, 0.25, 0.4])
def test_a_stop_in_the_midst_of_a_load_is_an_orderly_end(
    wait_s: float, start: Callable[..., House], models: Path
) -> None:
    house = start(f"models.dir={models}", "models.bundle=mine", *FIRST_PASS)
    until_answered(house, "model", "mine")
    command(house, "model", "en")
    time.sleep(wait_s)
    os.kill(house.daemon.pid, signal.SIGTERM)
    wait_until(lambda: house.daemon.exit_code() is not None, 5, "its end")
    assert house.daemon.exit_code() == 0


def test_a_session_of_rhasspy_is_answered_with_what_was_said(start: Callable[..., House]) -> None:
    house = start(*FIRST_PASS, "mqtt.hermes.enabled=true", "mqtt.hermes.site_id=default")
    house.until_listening()
    topic, broker = "hermes/asr/startListening", house.broker
    publish.single(topic, '{"siteId": "default", "sessionId": "a"}', qos=1, hostname=broker.host, port=broker.port)
    until_answered(house, "listen", "ON")
    house.say(sample()[4])
    wait_until(lambda: house.listener.of("hermes/asr/textCaptured"), 10, "its answer")
    [captured] = house.listener.of("hermes/asr/textCaptured")
    assert captured.body["text"] == "he might even have been made amiable himself"
    assert (captured.body["sessionId"], captured.retained) == ("a", False)
    assert [token["value"] for token in captured.body["asrTokens"][0]] == captured.body["text"].split()
    until_answered(house, "listen", "OFF")
    publish.single(topic, '{"siteId": "default", "sessionId": "b"}', qos=1, hostname=broker.host, port=broker.port)
    until_answered(house, "listen", "ON")
    command(house, "mute", "ON")
    wait_until(lambda: len(house.listener.of("hermes/asr/textCaptured")) == 2, 10, "its answer")
    assert house.listener.of("hermes/asr/textCaptured")[1].body["text"] == ""
