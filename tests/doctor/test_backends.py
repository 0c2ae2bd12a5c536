"""Who reads the microphone, in the doctor's words."""

from pathlib import Path

import pytest
import soundfile

from edge_asr.audio.alsa import AlsaInput
from edge_asr.audio.devices import Microphone
from edge_asr.audio.portaudio import PortAudio, UnfitError
from edge_asr.clock import SystemClock
from edge_asr.config import AudioConfig, CaptureBackend
from edge_asr.doctor import backends
from edge_asr.doctor.libraries import libraries
from edge_asr.doctor.microphones import played
from edge_asr.metrics import Metrics

MIC = Microphone("pulse", "usb_mic", "A microphone", "pulse:usb_mic", 16000, 1)
CARD = Microphone("alsa", "A (hw:1,0)", "A card", "alsa:A", 48000, 1)
PULSE = AlsaInput("pulse", "pulse", "pulse", "", False, 44100, 32)


class Ports(PortAudio):
    """A PortAudio that sees what it is told."""

    def __init__(self, seen: list[AlsaInput] | None) -> None:
        super().__init__(SystemClock(), Metrics())
        self._seen = seen

    def inputs(self) -> list[AlsaInput]:
        if self._seen is None:
            raise UnfitError("PortAudio is not installed; sudo apt install libportaudio2")
        return self._seen


def programs(monkeypatch: pytest.MonkeyPatch, folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(
    ("backend", "mic", "seen", "there", "level", "said", "fix"),
    [
        ("auto", MIC, [PULSE], ["parec", "pw-record"], "ok", "PortAudio reads pulse:usb_mic: audio.backend", ""),
        ("auto", MIC, [PULSE], ["pw-record"], "ok", "should it hang, pw-record takes over", ""),
        ("auto", MIC, [PULSE], [], "ok", "nobody takes over: sudo apt install pulseaudio-utils", ""),
        ("auto", CARD, [], ["parec"], "ok", "nobody takes over: sudo apt install alsa-utils", ""),
        ("auto", MIC, [], ["parec"], "warn", "parec reads pulse:usb_mic, because PortAudio cannot: ALSA has no", ""),
        ("auto", CARD, None, ["arecord"], "warn", "arecord reads alsa:A, because PortAudio cannot: PortAudio is", ""),
        ("auto", MIC, None, [], "FAIL", "nobody takes over: PortAudio is not", "sudo apt install pulseaudio-utils"),
        ("portaudio", MIC, [PULSE], ["parec"], "ok", 'audio.backend = "portaudio"; also there: parec', ""),
        ("portaudio", MIC, None, ["parec"], "FAIL", "nobody takes over", "--set audio.backend=auto"),
        ("parec", MIC, None, ["parec", "pw-record"], "ok", '"parec"; also there: PortAudio, pw-record', ""),
        ("parec", MIC, [PULSE], [], "FAIL", "parec is not installed; sudo apt install pulseaudio-utils", ""),
    ],
)
def test_the_choice_is_explained(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    backend: CaptureBackend,
    mic: Microphone,
    seen: list[AlsaInput] | None,
    there: list[str],
    level: str,
    said: str,
    fix: str,
) -> None:
    programs(monkeypatch, tmp_path, *there)
    finding = backends.backend(AudioConfig(backend=backend), mic, Ports(seen))
    assert (finding.level, finding.fix) == (level, fix), finding
    assert said in finding.text


def test_a_missing_portaudio_is_no_fault_where_a_recorder_stands_in(tmp_path: Path) -> None:
    gone = (("libnone.so.1", "libportaudio2"), ("libc.so.6", "libc6"))
    assert libraries(gone, tmp_path, spare=True)[0].level == "warn"
    assert libraries(gone, tmp_path)[0].level == "FAIL"
    assert libraries((*gone, ("libnone.so.0", "libpulse0")), tmp_path, spare=True)[0].level == "FAIL"


def test_what_is_heard_instead_of_a_microphone(tmp_path: Path) -> None:
    clock = SystemClock()
    assert "hears what is piped into it" in played(AudioConfig(source="stdin"), clock).text
    path = tmp_path / "said.wav"
    finding = played(AudioConfig(source=f"file:{path}"), clock)
    assert (finding.level, "is not there" in finding.text) == ("FAIL", True)
    soundfile.write(path, [0.0] * 100, 8000)
    finding = played(AudioConfig(source=f"file:{path}"), clock)
    assert (finding.level, "a file of 8000 Hz, 1 channel(s)" in finding.text) == ("ok", True)
