"""What recognizers do for a gate, over the very streams that the gate is measured on: ours, vosk's, moonshine-voice's.

vosk has no voice detector: words and its own endpoints are all it says. So of every recognizer counts what a listener
gets: a segment is one in which it had words. It lasts from its first word to its last one; moonshine-voice tells no
times of words, so there it is the whole line, as its own detector found it. Speech outside of all segments is missed;
a segment where there is no speech is false. What a gate lets through without words coming of it does not count.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import msgspec
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_asr.audio.chunk import Samples
from edge_asr.bench.decoder_process import Decoded, DecoderProcess
from edge_asr.bench.gate import Alarms, Missed, ModeFigures, streams, without_speech
from edge_asr.bench.mixture import Clean
from edge_asr.bench.peers import MOONSHINE, VOSK, Peer
from edge_asr.config import Config

OWN = "edge_asr"
GATE_PEERS = (VOSK, MOONSHINE)
_HOW = {OWN: "live", VOSK: "vosk, words", MOONSHINE: "moonshine-voice"}


def measure_recognizers(
    config: Config, sample_rate_hz: int, clean: Clean, noises: Mapping[str, Samples], peers: Sequence[Peer]
) -> list[ModeFigures]:
    """Ours (live, first pass) and each peer, every one in a process of its own. Raises EdgeAsrError."""
    with ExitStack() as stack:
        own = Peer(OWN, "edge_asr.bench.own_decoder", [msgspec.json.encode(_alone(config)).decode(), _HOW[OWN]])
        processes = {one.name: stack.enter_context(DecoderProcess(one.module, one.words)) for one in (own, *peers)}
        return [
            _figures(name, process, sample_rate_hz, clean, noises)
            for name, process in tqdm(processes.items(), desc="recognizers", unit="", disable=None, leave=False)
        ]


def within(spans: Sequence[tuple[float, float]], sample_rate_hz: int, count: int) -> NDArray[np.bool_]:
    """Which of so many samples lie in a span, bool (n,)."""
    inside = np.zeros(count, np.bool_)
    for begin_s, end_s in spans:
        inside[max(0, round(begin_s * sample_rate_hz)) : max(0, round(end_s * sample_rate_hz))] = True
    return inside


def _figures(
    name: str, process: DecoderProcess, sample_rate_hz: int, clean: Clean, noises: Mapping[str, Samples]
) -> ModeFigures:
    def decode(samples: Samples) -> tuple[Decoded, NDArray[np.bool_], float]:
        decoded = process.decode(_HOW[name], samples, sample_rate_hz)
        seconds = len(samples) / sample_rate_hz
        return decoded, within(decoded.spans, sample_rate_hz, len(samples)), decoded.cpu_s / seconds

    speech, alarms = [], []
    spoken_s = float(clean.speech.sum()) / sample_rate_hz
    for noise, snr_db, stream in streams(clean, noises):
        _, inside, cpu_share = decode(stream)
        missed_s = float((clean.speech & ~inside).sum()) / sample_rate_hz
        speech.append(Missed(noise, snr_db, spoken_s, missed_s, float(inside.mean()), cpu_share))
    for noise, sound in without_speech(noises, sample_rate_hz):
        decoded, inside, cpu_share = decode(sound)
        seconds = len(sound) / sample_rate_hz
        alarms.append(Alarms(noise, seconds, len(decoded.spans), float(inside.mean()), cpu_share))
    return ModeFigures(name, tuple(speech), tuple(alarms))


def _alone(config: Config) -> Config:
    return msgspec.structs.replace(
        config,
        recognizer=msgspec.structs.replace(config.recognizer, threads=1),
        second_pass=msgspec.structs.replace(config.second_pass, enabled=False),
    )
