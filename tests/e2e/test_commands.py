"""Sentences and their mode, changed while a real daemon listens, by whoever is on the broker."""

import hashlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import publish

from edge_asr.cli.main import main
from edge_asr.demo.broker import Broker
from edge_asr.demo.daemon import Daemon
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.demo.sample import sample
from tests.cli.bundles import has_lexicon
from tests.e2e.conftest import DEVICE, FIRST_PASS, House, Listener
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.pulse,
    pytest.mark.broker,
    pytest.mark.bundle,
    pytest.mark.skipif(not has_lexicon(), reason="the English bundle has no pronunciations"),
]
TEXT = "he might even have been made amiable himself"
LISTED = f"amiable = {TEXT}\ngood night\n"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Starts daemons one after another that keep their state in the same folder, and have the same sentences."""
    (tmp_path / "empty.toml").touch()
    (tmp_path / "sentences.txt").write_text("turn (on|off) the light[s]\n")
    with ExitStack() as stack:
        server = stack.enter_context(PulseServer())
        broker = stack.enter_context(Broker())
        listener = Listener(broker.port)
        stack.callback(listener.close)
        ours = (f"mqtt.host={broker.host}", f"mqtt.port={broker.port}", f"device.id={DEVICE}")
        variables = {**server.environment(), "XDG_STATE_HOME": str(tmp_path / "kept")}

        def begin(*more: str) -> House:
            all_of_them = (*ours, *FIRST_PASS, f"commands.sentences={tmp_path / 'sentences.txt'}", *more)
            words = [word for setting in all_of_them for word in ("--set", setting)]
            daemon = Daemon(["--config", str(tmp_path / "empty.toml"), *words], variables, show_log=True)
            house = House(server, broker, stack.enter_context(daemon), listener)
            house.until_listening()
            return house

        yield begin


def send(house: House, control: str, payload: str | bytes, *, retain: bool = False) -> None:
    topic = f"edge_asr/{DEVICE}/{control}/set"
    publish.single(topic, payload, qos=1, hostname=house.broker.host, port=house.broker.port, retain=retain)


def listened_for(house: House) -> dict[str, Any]:
    told = house.listener.of("commands/state")
    return told[-1].body if told else {}


def until(house: House, control: str, text: str) -> None:
    wait_until(lambda: [each.body["text"] for each in house.listener.of(f"{control}/state")][-1:] == [text], 20, text)


def refusals(house: House) -> list[str]:
    return [each.body["message"] for each in house.listener.of("event") if each.body.get("code") == "command"]


def refused(house: House, count: int) -> str:
    wait_until(lambda: len(refusals(house)) >= count, 20, "a refusal")
    assert len(refusals(house)) == count
    return refusals(house)[-1]


def kinds(house: House) -> list[str]:
    seen = [each.body["event_type"] for each in house.listener.of("event")]
    return [kind for kind in seen if kind in {"command", "unknown"}]


def speaking(house: House) -> bool:
    seen = [each.body["event_type"] for each in house.listener.of("event")]
    return seen.count("speech_started") > seen.count("speech_ended")


def ended(house: House, number: int = signal.SIGKILL) -> None:
    os.kill(house.daemon.pid, number)
    wait_until(lambda: house.daemon.exit_code() is not None, 5, "its end")
    house.listener.messages.clear()


def test_the_mode_changes_while_somebody_speaks_and_outlives_the_process(start: Callable[..., House]) -> None:
    house = start()
    until(house, "mode", "both")
    assert (listened_for(house)["source"], listened_for(house)["sentences"]) == ("file", 1)
    player = house.server.play(sample()[4])
    wait_until(lambda: house.listener.of("partial"), 20, "a partial")
    send(house, "mode", "commands")
    assert player.wait(60) == 0
    until(house, "mode", "commands")
    wait_until(lambda: house.listener.of("final"), 10, "its final")
    assert house.listener.texts() == [TEXT]  # it began before
    assert kinds(house) == []
    house.say(sample()[4])
    wait_until(lambda: kinds(house) == ["unknown"], 20, "what is none of the sentences")
    assert house.listener.texts() == [TEXT]
    send(house, "mode", "all")
    assert "mode/set: 'all' is refused, expected one of open, commands, both" in refused(house, 1)
    ended(house)
    again = start()
    until(again, "mode", "commands")
    send(again, "mode", "both")  # for which the graph of the whole language has to be there again
    until(again, "mode", "both")
    again.say(sample()[4])
    wait_until(lambda: again.listener.texts() == [TEXT], 20, "all that is said")
    send(again, "mode", "open")
    until(again, "mode", "open")
    assert refusals(again) == []


def test_sentences_come_over_mqtt_outlive_the_process_and_go_again(start: Callable[..., House]) -> None:
    house = start()
    send(house, "commands", LISTED)
    wait_until(lambda: listened_for(house).get("source") == "told", 20, "the sentences")
    report = listened_for(house)
    assert (report["sentences"], report["intents"], report["words"]) == (2, 2, 10)
    assert report["sha256"] == hashlib.sha256(LISTED.encode()).hexdigest()
    assert "amiable" not in str(report)
    house.say(sample()[4])
    wait_until(lambda: kinds(house) == ["command"], 20, "the command")
    send(house, "commands", "good night\nturn on the [light\n")
    assert refused(house, 1) == (
        "commands/set: that cannot be listened with, what it was goes on: commands/set:2:13: '[' is never closed; "
        "write ']' behind what may be left out, as in [please]"
    )
    send(house, "commands", b"intents:\n  A: [turn it on]\n B: [x]\n")
    assert "commands/set:3:" in refused(house, 2)
    send(house, "commands", b"\xff" * 1000)
    assert "is refused, expected a list of sentences" in refused(house, 3)
    send(house, "commands", b"x " * 40_000)
    assert "a payload of 80000 bytes is refused" in refused(house, 4)
    send(house, "commands", "good night", retain=True)
    assert "a retained message is refused" in refused(house, 5)
    send(house, "commands", "", retain=True)
    assert listened_for(house) == report
    ended(house)
    again = start()
    assert listened_for(again) == report
    again.say(sample()[4])
    wait_until(lambda: kinds(again) == ["command"], 20, "the command")
    send(again, "commands", "")
    wait_until(lambda: listened_for(again)["source"] == "file", 20, "those of the configuration")
    ended(again, signal.SIGTERM)
    assert listened_for(start())["source"] == "file"


def test_who_floods_it_gets_the_last_and_nothing_breaks(start: Callable[..., House]) -> None:
    house = start("commands.mode=commands")
    house_port = house.broker.port
    player = house.server.play(sample()[4])

    def flood(number: int) -> None:
        topic = f"edge_asr/{DEVICE}/commands/set"
        texts = [f"good night\nlight {['one', 'two', 'three'][number]} = {'light ' * (1 + n % 40)}" for n in range(150)]
        publish.multiple([(topic, text, 1, False) for text in [*texts, "[" * 5000, "\0", ""]], port=house_port)

    threads = [threading.Thread(target=flood, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send(house, "commands", LISTED)
    wait_until(lambda: listened_for(house).get("sha256") == hashlib.sha256(LISTED.encode()).hexdigest(), 30, "the last")
    assert player.wait(60) == 0
    # Other speech than that of the list of now may have been taken for two utterances: the second is waited for, too.
    wait_until(lambda: kinds(house) and not speaking(house), 20, "what was said meanwhile, whichever sentences it met")
    house.listener.messages.clear()
    house.say(sample()[4])
    wait_until(lambda: kinds(house)[-1:] == ["command"], 20, "the command")
    assert house.daemon.exit_code() is None


def reload(house: House, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str, str]:
    ours = (f"mqtt.host={house.broker.host}", f"mqtt.port={house.broker.port}", f"device.id={DEVICE}", *more)
    code = main(["commands", "reload", *(word for setting in ours for word in ("--set", setting))])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_they_are_read_again_by_the_command_line_and_by_a_signal(
    start: Callable[..., House], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house, path = start(), tmp_path / "sentences.txt"
    before = path.stat()
    path.write_text("turn (up|out) the light[s]\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # nothing to see from outside
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    first = listened_for(house)["sha256"]
    code, said, complaint = reload(house, capsys)
    assert (code, complaint) == (0, "")
    assert said == f"'{DEVICE}' has read them again: 1 sentences of 1 intents, of the configuration\n"
    wait_until(lambda: listened_for(house)["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest(), 5, "its state")
    assert listened_for(house)["sha256"] != first
    path.write_text("turn (on|off the lights\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    code, said, complaint = reload(house, capsys)
    assert (code, said) == (1, "")
    assert f"{path}:1:6: '(' is never closed" in complaint
    path.write_text("good night\n")
    time.sleep(0.1)
    os.kill(house.daemon.pid, signal.SIGHUP)
    expected = hashlib.sha256(b"good night\n").hexdigest()
    wait_until(lambda: listened_for(house)["sha256"] == expected, 20, "the new ones")
    ended(house)
    house.broker.restart()
    code, said, complaint = reload(house, capsys)
    assert (code, said) == (1, "")
    assert f"no daemon '{DEVICE}' is online at" in complaint
    code, said, complaint = reload(house, capsys, "mqtt.enabled=false")
    assert (code, said) == (78, "")
    assert "sudo systemctl reload edge-asr" in complaint


def test_the_selection_is_announced_with_the_modes(start: Callable[..., House]) -> None:
    house = start()
    wait_until(lambda: house.listener.of("homeassistant/device/edge_asr_ears/config"), 5, "the announcement")
    told = house.listener.of("homeassistant/device/edge_asr_ears/config")[-1].body
    assert json.loads(json.dumps(told["cmps"]["mode"]["options"])) == ["open", "commands", "both"]


def names(house: House, *said: str, retain: bool = True) -> None:
    payload = json.dumps({"name": {"values": [{"in": one, "out": f"thing.{one[0]}"} for one in said]}})
    publish.single("house/names", payload, qos=1, hostname=house.broker.host, port=house.broker.port, retain=retain)


def test_a_thing_that_is_renamed_is_heard_by_its_new_name(start: Callable[..., House], tmp_path: Path) -> None:
    (tmp_path / "sentences.txt").write_text("made = he might even have been made {name} himself\n")
    house = start("commands.names_topic=house/names")
    assert listened_for(house)["sentences"] == 0  # nothing can be said yet, and that is no reason not to start
    names(house, "amiable", "xqzzy lamp")
    wait_until(lambda: listened_for(house).get("names") == 1, 20, "the name")
    assert (listened_for(house)["sentences"], listened_for(house)["left_out"]) == (1, 1)
    wait_until(lambda: refusals(house), 5, "what is left out")
    assert "they are left out: 'xqzzy lamp'; correct the spelling" in refusals(house)[0]
    house.say(sample()[4])
    wait_until(lambda: kinds(house) == ["command"], 20, "the command")
    [heard] = [each.body for each in house.listener.of("event") if each.body["event_type"] == "command"]
    assert heard["slots"]["name"]["value"] == "thing.a"
    assert "amiable" not in str(listened_for(house))
    ended(house)
    house.broker.restart()  # it has forgotten them
    again = start("commands.names_topic=house/names")
    assert listened_for(again)["names"] == 1
    again.listener.messages.clear()
    again.broker.restart()
    wait_until(lambda: again.listener.state() == "listening" and listened_for(again), 30, "its states once more")
    time.sleep(0.5)  # until it has subscribed
    before = len(refusals(again))
    for payload in (b"\xff" * 100, b"[" * 70_000):
        publish.single("house/names", payload, qos=1, hostname=again.broker.host, port=again.broker.port)
    wait_until(lambda: len(refusals(again)) > before, 20, "a refusal")
    assert "the names before it stay" in refusals(again)[-1]
    assert listened_for(again)["names"] == 1
    assert again.daemon.exit_code() is None
