"""A machine that is too slow or too hot: what the real daemon gives up, says of it, and takes up again."""

import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_asr.demo.broker import Broker
from edge_asr.demo.daemon import Daemon
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.demo.sample import sample
from tests.asr.moonshine import tiny_moonshine
from tests.asr.zipformer import zipformers
from tests.cli.bundles import real_bundle
from tests.e2e import measured_daemon
from tests.e2e.conftest import DEVICE, FIRST_PASS, House, Listener
from tests.waiting import wait_until

pytestmark = [pytest.mark.pulse, pytest.mark.broker, pytest.mark.bundle]
COMMAND = (sys.executable, str(Path(measured_daemon.__file__)))
CLEAR = "he might even have been made amiable himself"


@dataclass
class Measured:
    """A house whose daemon can be slowed, and asked at its end what it has counted."""

    house: House
    slow_file: Path
    metrics_file: Path

    def say_clear(self) -> dict[str, object]:
        """The final of the clear sentence, said now."""
        before = len(self.house.listener.of("final"))
        self.house.say(sample()[4])
        wait_until(lambda: len(self.house.listener.of("final")) > before, 15, "the sentence")
        return self.house.listener.of("final")[-1].body

    def counted(self) -> dict[str, float]:
        """Counters with their labels; it has ended then."""
        self.house.daemon.terminate()
        wait_until(lambda: self.house.daemon.exit_code() is not None, 5, "its end")
        lines = self.metrics_file.read_text().splitlines()
        found = [re.fullmatch(r"edge_asr_(\S+?)(?:_total)?(\{\S*\})? (\S+)", line) for line in lines]
        return {each[1] + (each[2] or ""): float(each[3]) for each in found if each}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Measured]]:
    empty, slow, metrics = (tmp_path / name for name in ("empty.toml", "slow", "metrics"))
    empty.touch()
    with ExitStack() as stack:
        server = stack.enter_context(PulseServer())
        broker = stack.enter_context(Broker())
        listener = Listener(broker.port)
        stack.callback(listener.close)

        def begin(*more: str) -> Measured:
            settings = (f"mqtt.host={broker.host}", f"mqtt.port={broker.port}", f"device.id={DEVICE}", *more)
            words = ["--config", str(empty), *(word for setting in settings for word in ("--set", setting))]
            variables = {**server.environment(), "SLOW_FILE": str(slow), "METRICS_FILE": str(metrics)}
            daemon = stack.enter_context(Daemon(words, variables, show_log=True, command=COMMAND))
            house = House(server, broker, daemon, listener)
            house.until_listening()
            return Measured(house, slow, metrics)

        yield begin


def latency_ms(final: dict[str, object]) -> float:
    latency = final["latency_ms"]
    assert isinstance(latency, dict)
    return float(latency["finalization"])


def test_far_too_slow_it_drops_audio_says_so_and_is_in_time_again_by_itself(start: Callable[..., Measured]) -> None:
    measured = start(*FIRST_PASS)
    listener = measured.house.listener
    usual = measured.say_clear()
    assert (usual["text"], usual["truncated"]) == (CLEAR, False)
    measured.slow_file.write_text("3")
    player = measured.house.server.play(sample()[1])
    wait_until(lambda: [one for one in listener.of("final") if one.body["truncated"]], 40, "what it has cost")
    measured.slow_file.unlink()
    assert player.wait(60) == 0
    [cut] = [one.body for one in listener.of("final") if one.body["truncated"]][:1]
    assert cut["end_reason"] == "discontinuity"
    assert latency_ms(cut) > 3000

    def over() -> bool:
        kinds = [one.body["event_type"] for one in listener.of("event")]
        return kinds.count("speech_started") == kinds.count("speech_ended")

    wait_until(over, 15, "the end of what was said")
    time.sleep(1.5)  # what begins right behind the gap may lack its beginning, and says so
    again = measured.say_clear()
    assert (again["text"], again["truncated"], again["end_reason"]) == (CLEAR, False, "silence")
    assert latency_ms(again) < latency_ms(usual) + 1000
    segments = [one.body["segment_id"] for one in listener.of("final")]
    assert len(segments) == len(set(segments))
    counted = measured.counted()
    assert counted['audio_dropped_seconds{reason="lag"}'] > 3.0
    assert counted["partials_suppressed"] > 0
    assert counted["lag_seconds"] < 1.0


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The English bundle, a second pass that always says the same, and a small model."""
    folder = tmp_path / "models"
    tiny_moonshine.bundle(folder)
    (folder / "en").symlink_to(real_bundle())
    shutil.copytree(zipformers.network("transducer").bundle.folder, folder / "mine")
    return folder


def test_heat_takes_partials_then_the_second_pass_then_the_model_and_all_comes_back(
    start: Callable[..., Measured], models: Path, tmp_path: Path
) -> None:
    zone = tmp_path / "temp"
    zone.write_text("51000\n")
    measured = start(
        f"models.dir={models}", "gate.vad=webrtc", "second_pass.bundle=tiny", "ladder.small_bundle=mine",
        f"ladder.temperature_path={zone}", "ladder.step_down_s=2", "ladder.step_up_s=2",
    )  # fmt: skip
    listener = measured.house.listener

    def until(rung: str) -> None:
        wait_until(lambda: listener.of("ladder")[-1].body["rung"] == rung, 20, rung)

    def until_model(name: str) -> None:
        wait_until(lambda: listener.of("state")[-1].body["model"] == name, 10, name)

    until("all")
    assert (measured.say_clear()["text"], bool(listener.of("partial"))) == ("Hello Wörld.", True)
    zone.write_text("90000\n")
    until("no_second_pass")
    zone.write_text("75000\n")  # no longer hot, not yet cool
    partials = len(listener.of("partial"))
    final = measured.say_clear()
    assert (final["text"], final["pass"], final["truncated"]) == (CLEAR, 1, False)
    assert len(listener.of("partial")) == partials
    zone.write_text("90000\n")
    until("small_model")
    until_model("mine")
    assert [one.body["text"] for one in listener.of("model/state")][-1] == "en"  # the choice is as it was
    assert measured.say_clear()["model"] == "mine"
    zone.write_text("55000\n")
    until("all")
    until_model("en")
    final = measured.say_clear()
    assert (final["text"], final["pass"]) == ("Hello Wörld.", 2)
    assert len(listener.of("partial")) > partials
    events = [one.body for one in listener.of("event") if one.body["event_type"] == "ladder"]
    assert [event["rung"] for event in events] == [
        "no_partials", "no_second_pass", "small_model", "no_second_pass", "no_partials", "all",
    ]  # fmt: skip
    assert events[0]["message"] == "the machine is hot (90 °C): no partials"
    assert {one.body["text"] for one in listener.of("model/state")} == {"en"}
    assert all(not one.retained or one.body["rung"] == "all" for one in listener.of("ladder"))
    counted = measured.counted()
    assert counted['second_pass_skipped{reason="heat"}'] >= 1
    assert counted["ladder_rung"] == 0
    assert counted["temperature_celsius"] == 55.0
    assert counted['ladder_steps{cause="heat",direction="down"}'] == 3
    assert counted['audio_dropped_seconds{reason="lag"}'] == 0


def test_stopped_for_six_seconds_it_is_in_time_again_and_nothing_is_lost_untold(
    start: Callable[..., Measured],
) -> None:
    measured = start(*FIRST_PASS)
    listener = measured.house.listener
    usual = measured.say_clear()
    measured.house.say(sample()[0])
    wait_until(lambda: len(listener.of("final")) == 2, 15, "the sentence")
    whole = str(listener.of("final")[1].body["text"])
    partials = len(listener.of("partial"))
    player = measured.house.server.play(sample()[0])
    wait_until(lambda: len(listener.of("partial")) > partials, 20, "a partial")
    os.kill(measured.house.daemon.pid, signal.SIGSTOP)
    time.sleep(6.0)  # the standstill is the point of this test
    os.kill(measured.house.daemon.pid, signal.SIGCONT)
    assert player.wait(60) == 0
    time.sleep(2.0)  # what begins right behind a gap is another test
    again = measured.say_clear()
    assert (again["text"], again["truncated"]) == (CLEAR, False)
    assert latency_ms(again) < latency_ms(usual) + 1000
    said = [one.body for one in listener.of("final")[2:-1]]
    segments = [one.body["segment_id"] for one in listener.of("final")]
    assert len(segments) == len(set(segments))
    counted = measured.counted()
    dropped_s = sum(seconds for name, seconds in counted.items() if name.startswith("audio_dropped_seconds{"))
    assert (said[0]["truncated"], said[0]["end_reason"]) == (True, "discontinuity")
    last_words = str(said[-1]["text"]).split()[-5:]  # the sound server has kept those six seconds, or it is counted
    assert whole.split()[-5:] == last_words or dropped_s > 0
    assert counted["lag_seconds"] < 1.0
