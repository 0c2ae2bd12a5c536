"""Errors and CPU of our ways and of the peers, over the same recordings, taken in turns."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from edge_asr.audio.replay import FileSource
from edge_asr.bench.decoder_process import Decoded, DecoderProcess
from edge_asr.bench.peers import VOSK, Peer
from edge_asr.bench.recordings import Recording
from edge_asr.bench.tokens import Tokenizer
from edge_asr.bench.wer import Errors, compare
from edge_asr.clock import Clock
from edge_asr.config import Config

LIVE, WHOLE, SECOND, PEER = "live", "whole", "second", VOSK


@dataclass(frozen=True, slots=True)
class Score:
    """What a system did on some audio; adding pools it."""

    errors: Errors = field(default_factory=Errors)
    cpu_s: float = 0.0
    audio_s: float = 0.0
    files: int = 0

    @property
    def cpu_share(self) -> float:
        """CPU seconds for each second of audio."""
        return self.cpu_s / self.audio_s if self.audio_s else 0.0

    def __add__(self, other: "Score") -> "Score":
        return Score(
            self.errors + other.errors,
            self.cpu_s + other.cpu_s,
            self.audio_s + other.audio_s,
            self.files + other.files,
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """One recording: what each system made of it."""

    recording: Recording
    texts: Mapping[str, str]
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """All of it. `apart`: sets that are reported and not pooled."""

    heard: list[Heard]
    systems: tuple[str, ...]
    apart: frozenset[str] = field(default_factory=frozenset)

    @property
    def sets(self) -> list[str]:
        """Names of the sets in the order in which they came."""
        return list(dict.fromkeys(one.recording.set_name for one in self.heard))

    def score(self, system: str, set_name: str | None = None) -> Score:
        """Score on one set, or pooled over all that are not `apart`."""
        chosen = (
            one
            for one in self.heard
            if (one.recording.set_name not in self.apart if set_name is None else one.recording.set_name == set_name)
        )
        return sum((one.scores[system] for one in chosen), Score())

    def cpu_ratio(self) -> float | None:
        """CPU of vosk for that of our live pipeline, over everything; None without it."""
        own = sum(one.scores[LIVE].cpu_s for one in self.heard)
        if PEER not in self.systems or not own:
            return None
        return sum(one.scores[PEER].cpu_s for one in self.heard) / own


def measure(
    config: Config,
    recordings: Sequence[Recording],
    tokens: Tokenizer,
    clock: Clock,
    *,
    peers: Sequence[Peer],
    apart: frozenset[str],
) -> Accuracy:
    """Decode every recording with every system, one thread each."""
    config = msgspec.structs.replace(
        config,
        recognizer=msgspec.structs.replace(config.recognizer, threads=1),
        second_pass=msgspec.structs.replace(config.second_pass, threads=1),
    )
    words = [msgspec.json.encode(config).decode()]
    with ExitStack() as stack:
        own = stack.enter_context(DecoderProcess("edge_asr.bench.own_decoder", words))
        systems = {name: own for name in (LIVE, WHOLE, SECOND) if name in own.decoders}
        for peer in peers:
            systems[peer.name] = stack.enter_context(DecoderProcess(peer.module, peer.words))
        return Accuracy(_all(recordings, systems, tokens, clock), tuple(systems), apart)


def _all(
    recordings: Sequence[Recording], systems: Mapping[str, DecoderProcess], tokens: Tokenizer, clock: Clock
) -> list[Heard]:
    bar = tqdm(recordings, desc="recordings", unit="file", disable=None, leave=False)
    return [_one(recording, systems, tokens, clock) for recording in bar]


def _one(recording: Recording, systems: Mapping[str, DecoderProcess], tokens: Tokenizer, clock: Clock) -> Heard:
    samples, rate_hz = _samples(recording.path, clock)
    reference = tokens(recording.text)
    texts, scores = {}, {}
    for system, process in systems.items():
        decoded: Decoded = process.decode(system, samples, rate_hz)
        errors = compare(reference, tokens(decoded.text))
        texts[system] = decoded.text
        scores[system] = Score(errors, decoded.cpu_s, len(samples) / rate_hz, 1)
    return Heard(recording, texts, scores)


def _samples(path: Path, clock: Clock) -> tuple[NDArray[np.int16], int]:
    source = FileSource(path, clock)
    return np.concatenate([chunk.samples for chunk in source.chunks()]), source.sample_rate_hz
