"""The voice detector that the configuration asks for."""

from pathlib import Path
from typing import Any

import pytest

from edge_asr.audio.silero import SecondOpinion, SileroVad
from edge_asr.audio.vad import WebRtcVad
from edge_asr.config import Config, GateConfig, ModelsConfig
from edge_asr.detector import build_vad
from edge_asr.errors import ConfigError, ModelError
from tests.asr import test_bundle
from tests.audio import tiny_silero


def config(models: Path, **gate: Any) -> Config:
    return Config(models=ModelsConfig(dir=str(models)), gate=GateConfig(**gate))


def test_each_name_is_its_detector(tmp_path: Path) -> None:
    tiny_silero.write(tmp_path)
    kinds = {name: type(build_vad(config(tmp_path, vad=name), 16_000)) for name in ("webrtc", "silero", "both")}
    assert kinds == {"webrtc": WebRtcVad, "silero": SileroVad, "both": SecondOpinion}


def test_auto_is_both_where_the_model_is_and_fits(tmp_path: Path) -> None:
    assert isinstance(build_vad(config(tmp_path), 16_000), WebRtcVad)
    tiny_silero.write(tmp_path)
    assert isinstance(build_vad(config(tmp_path), 16_000), SecondOpinion)
    assert isinstance(build_vad(config(tmp_path), 8_000), WebRtcVad)


def test_a_spoiled_model_costs_the_second_opinion_and_not_the_daemon(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    network = tiny_silero.write(tmp_path) / "vad.onnx"
    network.write_bytes(bytes(network.stat().st_size))
    assert isinstance(build_vad(config(tmp_path), 16_000), WebRtcVad)
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert "is not a network that onnxruntime can load" in record.getMessage()
    with pytest.raises(ModelError, match="is not a network that onnxruntime can load"):
        build_vad(config(tmp_path, vad="both"), 16_000)


def test_webrtc_needs_no_model(tmp_path: Path) -> None:
    assert isinstance(build_vad(config(tmp_path, vad="webrtc"), 8_000), WebRtcVad)


def test_without_its_model_the_fix_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"there is no model 'silero-vad' in .*; run: edge-asr models pull silero-vad"):
        build_vad(config(tmp_path, vad="both"), 16_000)


def test_a_recognizer_of_that_name_is_no_detector(tmp_path: Path) -> None:
    test_bundle.write(tmp_path, {**test_bundle.plain(), "name": "silero-vad"}, "silero-vad")
    with pytest.raises(ModelError, match="is of the kind 'kaldi-tdnnf'; expected one of the kind 'silero-vad'"):
        build_vad(config(tmp_path, vad="silero"), 16_000)


def test_another_rate_is_refused_with_the_fix(tmp_path: Path) -> None:
    tiny_silero.write(tmp_path)
    with pytest.raises(ConfigError, match=r"gate\.vad = 'both': Silero hears 16000 Hz, the model 'en' 8000 Hz; set "):
        build_vad(config(tmp_path, vad="both"), 8_000)
