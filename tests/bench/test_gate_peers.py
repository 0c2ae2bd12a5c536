"""Words of recognizers counted as segments, with children that are told what a word is."""

import pytest

from edge_asr.bench import gate_peers
from edge_asr.bench.decoder_process import DecoderProcess
from edge_asr.bench.gate_peers import measure_recognizers, within
from edge_asr.bench.gate_report import gate_text
from edge_asr.bench.mixture import in_a_row
from edge_asr.bench.peers import MOONSHINE, VOSK, Peer
from edge_asr.config import Config
from tests.fakes import RATE_HZ, tone

CHILD = "tests.bench.gate_decoders"


def test_samples_within_spans() -> None:
    inside = within([(-0.1, 0.2), (0.5, 9.0)], 10, 10)
    assert inside.tolist() == [True, True, False, False, False, True, True, True, True, True]
    assert not within([], 10, 10).any()


def test_speech_without_words_is_missed_and_words_in_noise_are_false(monkeypatch: pytest.MonkeyPatch) -> None:
    class Told(DecoderProcess):
        def __init__(self, module: str, _words: object) -> None:
            super().__init__(CHILD if module == "edge_asr.bench.own_decoder" else module, [])

    monkeypatch.setattr(gate_peers, "DecoderProcess", Told)
    clean = in_a_row([tone(1.0)], RATE_HZ)
    noises = {"hum": tone(20.0), "hiss": tone(10.0, 10)}
    peers = [Peer(VOSK, CHILD), Peer(MOONSHINE, CHILD)]
    own, vosk, moonshine = measure_recognizers(Config(), RATE_HZ, clean, noises, peers)
    assert [own.mode, vosk.mode, moonshine.mode] == ["edge_asr", "vosk", "moonshine-voice"]
    assert own.missed_share(None) == vosk.missed_share(None) == pytest.approx(0.25, abs=0.01)
    assert own.missed_share(0) < 0.2  # the hum is loud, too
    assert moonshine.missed_share(None) == moonshine.missed_share(0) == 1.0
    assert {row.noise: row.segments for row in own.alarms} == {None: 0, "hum": 1, "hiss": 0}
    assert own.alarms[1].per_hour == 180.0
    assert own.alarms[1].passed_share == pytest.approx(1 - 0.25 / 20, abs=0.001)
    assert sum(row.segments for row in moonshine.alarms) == 0
    assert all(row.cpu_share >= 0 for row in own.speech)
    assert gate_text([own, vosk, moonshine]).splitlines()[0].split() == [
        "speech",
        "edge_asr",
        "vosk",
        "moonshine-voice",
    ]
