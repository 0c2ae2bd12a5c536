"""What the doctor says of the gate's voice detector, with a tiny one."""

from pathlib import Path
from typing import Any

import pytest

from edge_asr.config import Config, GateConfig, ModelsConfig
from edge_asr.doctor.finding import Finding
from edge_asr.doctor.voice_detector import voice_detector
from edge_asr.errors import ConfigError, ModelError
from tests.audio import tiny_silero


def look(models: Path, rate_hz: int = 16_000, *, full: bool = False, **gate: Any) -> Finding:
    config = Config(models=ModelsConfig(dir=str(models)), gate=GateConfig(**gate))
    [found] = voice_detector(config, rate_hz, full=full)
    return found


def test_webrtc_alone_is_no_fault_and_the_better_way_is_named(tmp_path: Path) -> None:
    found = look(tmp_path)
    assert found.level == "ok"
    assert found.text.startswith("webrtc alone (gate.vad = auto); ")
    assert "models pull silero-vad" in found.text
    assert look(tmp_path, vad="webrtc").text == "webrtc alone (gate.vad = webrtc)"


def test_one_that_is_there_is_timed(tmp_path: Path) -> None:
    tiny_silero.write(tmp_path)
    assert look(tmp_path, full=True).text.startswith("webrtc, then Silero (1); ")
    assert look(tmp_path, vad="silero").text.endswith(" % of one core in noise")


def test_what_cannot_be_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="run: edge-asr models pull silero-vad"):
        look(tmp_path, vad="both")
    network = tiny_silero.write(tmp_path) / "vad.onnx"
    with pytest.raises(ConfigError, match="Silero hears 16000 Hz"):
        look(tmp_path, 8_000, vad="both")
    data = bytearray(network.read_bytes())
    data[-1] ^= 1
    network.write_bytes(data)
    with pytest.raises(ModelError, match="is corrupt: sha256"):
        look(tmp_path, full=True)
