"""Who reads the microphone, and who takes over where PortAudio cannot."""

import importlib
import logging
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from edge_asr.audio.alsa import AlsaInput
from edge_asr.audio.alsa_listing import PortAudioFirst
from edge_asr.audio.backend import Backends, Choice
from edge_asr.audio.deadline import DeadlineError, TooManyHungCallsError
from edge_asr.audio.inventory import take_inventory
from edge_asr.audio.portaudio import PortAudio, UnfitError
from edge_asr.clock import SystemClock
from edge_asr.demo.pulse_server import PulseServer
from edge_asr.errors import CaptureError
from edge_asr.metrics import Metrics
from tests.audio.test_recorders import Ears, recorders
from tests.waiting import wait_until

UNFIT = UnfitError("PortAudio is not installed")
HUNG = TooManyHungCallsError("4 calls never returned")
LATE = DeadlineError("opening 'pulse' did not return within 5 s")
MIC = AlsaInput("hw:CARD=A,DEV=0", "A", "A", "", True, 48000, 1)


def everything(_: str) -> bool:
    return True


def nothing(_: str) -> bool:
    return False


@pytest.mark.parametrize("error", [UNFIT, HUNG])
def test_what_fits_the_way_takes_over(error: CaptureError) -> None:
    backends = Backends("auto", everything)
    assert backends.choice("pulse").reader == "portaudio"
    assert backends.stand_in("pulse", error) == Choice("parec", str(error))
    assert backends.stand_in("alsa", error) == Choice("arecord", str(error))
    assert Backends("auto", lambda program: program == "pw-record").stand_in("pulse", error) == Choice(
        "pw-record", str(error)
    )


def test_it_keeps_the_microphone_only_when_it_could_be_opened(caplog: pytest.LogCaptureFixture) -> None:
    backends = Backends("auto", everything)
    stand_in = backends.stand_in("pulse", UNFIT)
    assert stand_in is not None
    assert backends.choice("pulse").reader == "portaudio"  # the server may have died in between, and all is well later
    with caplog.at_level(logging.WARNING):
        backends.opened("pulse", stand_in)
        backends.opened("pulse", backends.choice("pulse"))
    assert backends.choice("pulse") == stand_in
    assert backends.choice("alsa").reader == "portaudio"
    assert [record.getMessage() for record in caplog.records] == [
        "PortAudio cannot serve (PortAudio is not installed): parec reads the microphone from now on"
    ]


def test_one_opening_that_does_not_return_is_no_verdict() -> None:
    backends = Backends("auto", everything)
    assert backends.stand_in("pulse", LATE) is None
    backends.opened("pulse", backends.choice("pulse"))
    assert backends.stand_in("pulse", LATE) is None
    assert backends.stand_in("pulse", CaptureError("busy")) is None
    assert backends.stand_in("pulse", LATE) is None
    assert backends.stand_in("pulse", LATE) == Choice("parec", str(LATE))


def test_without_a_program_portaudio_is_tried_again() -> None:
    assert Backends("auto", nothing).stand_in("pulse", UNFIT) is None


def test_what_the_configuration_names_is_never_replaced() -> None:
    assert Backends("portaudio", everything).stand_in("pulse", UNFIT) is None
    assert Backends("portaudio", nothing).choice("pulse").reader == "portaudio"
    with pytest.raises(CaptureError, match=r'"pw-record", and pw-record is not .*; sudo apt install pipewire-bin'):
        Backends("pw-record", nothing).choice("pulse")


class Lister:
    def __init__(self, error: CaptureError | None) -> None:
        self._error = error

    def inputs(self) -> list[AlsaInput]:
        if self._error is not None:
            raise self._error
        return [MIC]


@pytest.mark.parametrize("error", [UNFIT, HUNG, LATE])
def test_alsa_is_listed_without_portaudio(error: CaptureError, monkeypatch: pytest.MonkeyPatch) -> None:
    portaudio = PortAudio(SystemClock(), Metrics())
    monkeypatch.setattr(portaudio, "inputs", Lister(error).inputs)
    assert PortAudioFirst(portaudio, Lister(None)).inputs() == [MIC]
    with pytest.raises(type(error)):
        PortAudioFirst(portaudio, None).inputs()


def test_hung_calls_are_no_mere_line_of_text_where_nothing_else_is_left() -> None:
    with pytest.raises(TooManyHungCallsError):
        take_inventory(None, Lister(HUNG))
    assert take_inventory(None, Lister(LATE)).alsa_problem == str(LATE)


# --- against a real server ---


@pytest.fixture
def ears(pulse_server: PulseServer) -> Iterator[list[Ears]]:
    """What is put into the list is stopped at the end."""
    made: list[Ears] = []
    try:
        yield made
    finally:
        for one in made:
            one.capture.stop(10.0)
        assert recorders() == []


@pytest.mark.pulse
def test_without_portaudio_the_microphone_is_heard(
    ears: list[Ears], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(name: str) -> Any:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr(importlib, "import_module", missing)
    ears.append(Ears("auto"))
    ears[0].wait_for("healthy")
    ears[0].capture.pause()
    ears[0].wait_for("muted")
    ears[0].capture.resume()
    ears[0].hears_again()
    assert len(recorders()) == 1
    assert ears[0].counted("capture_backend", backend="parec") == 2.0
    assert ears[0].counted("capture_backend", backend="portaudio") == 0.0
    said = [record.getMessage() for record in caplog.records if "from now on" in record.getMessage()]
    assert len(said) == 1
    assert "sudo apt install libportaudio2" in said[0]


@pytest.mark.pulse
def test_openings_that_hang_are_survived_without_a_restart(ears: list[Ears], monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(PortAudio, "_open", lambda *_: release.wait(60.0))
    monkeypatch.setattr("edge_asr.audio.portaudio._OPEN_DEADLINE_S", 0.1)
    try:
        ears.append(Ears("auto"))
        ears[0].wait_for("healthy")
        assert ears[0].capture.healthy_or_backing_off
        assert ears[0].counted("capture_close_timeouts") == 2.0
        assert ears[0].counted("capture_backend", backend="parec") == 1.0
    finally:
        release.set()


@pytest.mark.pulse
@pytest.mark.parametrize("backend", ["auto", "portaudio"])
def test_where_nothing_stands_in_a_restart_is_asked_for(
    ears: list[Ears], monkeypatch: pytest.MonkeyPatch, backend: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    release = threading.Event()
    monkeypatch.setattr(PortAudio, "_open", lambda *_: release.wait(60.0))
    monkeypatch.setattr("edge_asr.audio.portaudio._OPEN_DEADLINE_S", 0.1)
    if backend == "auto":
        monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))
    try:
        ears.append(Ears(backend))
        wait_until(lambda: not ears[0].capture.healthy_or_backing_off, 20.0, "a restart is asked for")
        assert ears[0].counted("capture_backend", backend="parec") == 0.0
        assert "restart edge-asr" in ears[0].reason
    finally:
        release.set()


@pytest.mark.pulse
def test_a_program_that_is_missing_is_a_state(
    ears: list[Ears], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))
    ears.append(Ears("parec"))
    wait_until(lambda: "sudo apt install pulseaudio-utils" in ears[0].reason, 5.0, "the reason")
    assert ears[0].capture.healthy_or_backing_off
    monkeypatch.setenv("PATH", path)
    ears[0].hears_again()
