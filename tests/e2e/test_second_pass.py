"""A daemon with a second pass behind it: the same house, and a tiny model that always says the same."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge_asr.demo.broker import Broker
from edge_asr.demo.daemon import Daemon
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.demo.sample import sample
from tests.asr.moonshine import tiny_moonshine
from tests.cli.bundles import real_bundle
from tests.e2e.conftest import DEVICE, House, Listener
from tests.waiting import wait_until

pytestmark = [pytest.mark.pulse, pytest.mark.broker, pytest.mark.bundle]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A daemon whose second pass is on because its bundle is there."""
    models, empty = tmp_path / "models", tmp_path / "empty.toml"
    empty.touch()
    tiny_moonshine.bundle(models)
    (models / "en").symlink_to(real_bundle())
    with ExitStack() as stack:
        server = stack.enter_context(PulseServer())
        broker = stack.enter_context(Broker())
        listener = Listener(broker.port)
        stack.callback(listener.close)
        settings = [f"mqtt.host={broker.host}", f"mqtt.port={broker.port}", f"device.id={DEVICE}"]
        settings += [f"models.dir={models}", "second_pass.bundle=tiny"]
        words = ["--config", str(empty), *(word for setting in settings for word in ("--set", setting))]
        daemon = stack.enter_context(Daemon(words, server.environment(), show_log=True))
        made = House(server, broker, daemon, listener)
        made.until_listening()
        yield made


def test_finals_are_the_second_passs_and_partials_the_firsts(house: House) -> None:
    house.say(next(path for path in sample() if "0930" in path.name))
    wait_until(lambda: bool(house.listener.of("final")), 10, "a final")
    [final] = [message.body for message in house.listener.of("final")]
    assert (final["text"], final["pass"], final["model"]) == ("Hello Wörld.", 2, "en+tiny")
    assert [word["word"] for word in final["words"]] == ["Hello", "Wörld."]
    assert final["start_s"] == final["words"][0]["start_s"] < final["words"][1]["end_s"] == final["end_s"]
    assert final["latency_ms"]["finalization"] > 0
    partials = [message.body for message in house.listener.of("partial")]
    assert {(partial["pass"], partial["model"]) for partial in partials} == {(1, "en")}
    assert "amiable" in partials[-1]["text"]
    assert final["revision"] > partials[-1]["revision"]
    # The first partial came at one moment; from where each of the two places the first word, it took the rest of it.
    moments_ms = [one["latency_ms"]["first_token"] + 1000 * one["start_s"] for one in (partials[0], final)]
    assert moments_ms[1] == pytest.approx(moments_ms[0], abs=1.5)


def test_a_stop_in_the_middle_of_a_word_is_rewritten_too_and_in_time(house: House) -> None:
    player = house.server.play(next(path for path in sample() if "0880" in path.name))
    wait_until(lambda: bool(house.listener.of("partial")), 20, "a partial")
    began_s = time.monotonic()
    house.daemon.terminate()
    wait_until(lambda: house.daemon.exit_code() is not None, 5, "the end")
    assert time.monotonic() - began_s < 3.5
    player.kill()
    player.wait()
    wait_until(lambda: bool(house.listener.of("final")), 5, "its last words")
    [final] = [message.body for message in house.listener.of("final")]
    assert (final["text"], final["pass"], final["end_reason"]) == ("Hello Wörld.", 2, "shutdown")
