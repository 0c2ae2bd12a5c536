"""The recognizer that the configuration asks for, and what it cannot do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_asr.asr.moonshine.recognizer import MoonshineRecognizer
from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk
from edge_asr.config import Config, EndpointConfig, GateConfig, ModelsConfig, RecognizerConfig
from edge_asr.errors import ConfigError
from edge_asr.loading import build_pipeline, load_recognizer
from edge_asr.observation import is_final
from tests.asr.moonshine import tiny_moonshine


def config(models: Path, **settings: Any) -> Config:
    chosen = ModelsConfig(dir=str(models), bundle="tiny")
    return Config(models=chosen, gate=GateConfig(vad="webrtc"), **settings)


def test_a_moonshine_bundle_listens_alone(tmp_path: Path) -> None:
    tiny_moonshine.bundle(tmp_path)
    recognizer = load_recognizer(config(tmp_path))
    assert isinstance(recognizer, MoonshineRecognizer)
    assert (recognizer.model, recognizer.language, recognizer.sample_rate_hz) == ("tiny", "en", 16_000)
    pipeline = build_pipeline(config(tmp_path), recognizer)
    swell = (1.0 - np.cos(2 * np.pi * 4.0 * np.arange(16_000) / 16_000)) * 3000
    voice = np.where(np.arange(len(swell)) // 40 % 2, swell, -swell)
    speech = np.concatenate([np.zeros(16_000), voice, np.zeros(32_000)]).astype(np.int16)
    seen = [*pipeline.process(AudioChunk("s", 0, speech, 16_000, 0)), *pipeline.end(EndReason.END_OF_INPUT)]
    [final] = [one for one in seen if is_final(one)]
    assert (final.hypothesis.text, final.end_reason) == ("Hello Wörld.", EndReason.SILENCE)


@pytest.mark.parametrize(("longest_s", "fits"), [(21.0, True), (20.9, False)])
def test_utterances_longer_than_it_can_hear_are_refused_before_anything_starts(
    longest_s: float, fits: bool, tmp_path: Path
) -> None:
    tiny_moonshine.bundle(tmp_path, longest_s=longest_s)
    wanted = config(tmp_path, endpoint=EndpointConfig(max_utterance_s=20.0))
    if fits:
        load_recognizer(wanted)
        return
    with pytest.raises(ConfigError, match=r"max_utterance_s = 20: the model 'tiny' hears .* at most 19\.9 s; lower it"):
        load_recognizer(wanted)


def test_it_does_not_listen_for_phrases(tmp_path: Path) -> None:
    tiny_moonshine.bundle(tmp_path)
    with pytest.raises(ConfigError, match=r"hotwords_file is set, and the model 'tiny' is of the kind 'moonshine'"):
        load_recognizer(config(tmp_path, recognizer=RecognizerConfig(hotwords_file="x")))
