"""From the microphone to a subscriber, and back again after every fault that a house knows."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from edge_asr.demo.sample import sample
from tests.e2e.conftest import DEVICE, FIRST_PASS, House
from tests.waiting import wait_until

pytestmark = [pytest.mark.pulse, pytest.mark.broker, pytest.mark.bundle]
CLEAR = "he might even have been made amiable himself"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The five sentences as one recording."""
    pause = np.zeros(24_000, np.int16)
    parts = [part for path in sample() for part in (soundfile.read(str(path), dtype="int16")[0], pause)]
    path = tmp_path_factory.mktemp("story") / "story.wav"
    soundfile.write(str(path), np.concatenate(parts), 16_000)
    return path


def transcribed(path: Path) -> list[str]:
    settings = [word for setting in FIRST_PASS for word in ("--set", setting)]
    done = subprocess.run(
        [sys.executable, "-m", "edge_asr", "transcribe", "--json", *settings, str(path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return [event["text"] for event in events if event["event_type"] == "final"]


def test_a_subscriber_hears_what_transcribe_reads(house: House, story: Path) -> None:
    expected = transcribed(story)
    house.say(story)
    wait_until(lambda: len(house.listener.texts()) >= len(expected), 10, "all finals")
    assert house.listener.texts() == expected
    assert house.listener.texts()[-1] == CLEAR
    for message in house.listener.of("final"):
        assert (message.qos, message.retained) == (1, False)
        assert message.body["device_id"] == DEVICE
        assert message.body["end_reason"] == "silence"
        assert message.body["latency_ms"]["finalization"] > 0
        assert message.body["words"]
    segments = [message.body["segment_id"] for message in house.listener.of("final")]
    assert len(set(segments)) == len(segments)
    assert house.listener.of("partial")
    late = subprocess.run(
        ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(house.broker.port), "-t", "#", "-W", "2", "-F", "%t"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    controls = ["mute", "sensitivity", "gain", "model", "language", "listen"]  # of phrases there are none
    ours = sorted(["availability", "state", "ladder", "model/update", *(f"{control}/state" for control in controls)])
    announced = f"homeassistant/device/edge_asr_{DEVICE}/config"
    assert sorted(late.stdout.split()) == [*(f"edge_asr/{DEVICE}/{leaf}" for leaf in ours), announced]


def heard_again(house: House, before: int) -> bool:
    """Whether the clear sentence, said now, arrives."""
    house.say(sample()[4])
    wait_until(lambda: len(house.listener.texts()) > before, 10, "the sentence")
    return house.listener.texts()[-1] == CLEAR


def test_it_hears_again_after_the_sound_server_was_killed(house: House) -> None:
    house.server.kill()
    wait_until(lambda: house.listener.state() == "degraded", 10, "degraded")
    house.server.start()
    house.until_listening()
    assert heard_again(house, len(house.listener.texts()))


def test_it_hears_again_after_the_microphone_was_pulled(house: House) -> None:
    house.server.unload_microphone()
    wait_until(lambda: house.listener.state() == "degraded", 10, "degraded")
    reason = str(house.listener.of("state")[-1].body["reason"])
    assert "went away" in reason or "no microphone" in reason  # which of the two depends on who looked last
    house.server.load_microphone()
    house.until_listening()
    assert heard_again(house, len(house.listener.texts()))


def test_what_is_said_while_the_broker_is_away_arrives_when_it_is_back(house: House) -> None:
    began = time.monotonic()
    house.broker.stop()
    house.say(sample()[4])
    time.sleep(max(0.0, 20.0 - (time.monotonic() - began)))  # the absence is the point of this test
    assert house.listener.texts() == []
    house.broker.start()
    wait_until(lambda: house.listener.texts() == [CLEAR], 40, "the sentence said meanwhile")
    wait_until(lambda: house.listener.of("availability")[-1].body["text"] == "online", 10, "online")
    assert heard_again(house, 1)


def test_mute_closes_the_microphone_in_the_middle_of_a_sentence(house: House) -> None:
    player = house.server.play(sample()[0])
    wait_until(lambda: house.listener.of("partial"), 10, "a partial")
    os.kill(house.daemon.pid, signal.SIGUSR1)
    wait_until(lambda: house.listener.state() == "muted", 5, "muted")
    wait_until(lambda: house.listener.of("final"), 5, "the end of the sentence")
    assert house.listener.of("final")[0].body["end_reason"] == "mute"
    assert player.wait(20) == 0
    assert len(house.listener.texts()) == 1
    os.kill(house.daemon.pid, signal.SIGUSR2)
    house.until_listening()
    assert heard_again(house, 1)


def test_ten_seconds_of_silence_publish_no_words(house: House) -> None:
    time.sleep(10)  # silence takes its time
    assert house.listener.of("final") == []
    assert house.listener.of("partial") == []
