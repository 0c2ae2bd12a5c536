"""Errors and CPU of our ways and of the peers, over the same recordings, taken in turns; in noise too, if wanted."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import msgspec
from tqdm import tqdm

from edge_asr.audio.chunk import Samples
from edge_asr.bench.conditions import AS_RECORDED, Condition, Conditions
from edge_asr.bench.decoder_process import Decoded, DecoderProcess
from edge_asr.bench.peers import VOSK, Peer
from edge_asr.bench.recordings import Recording
from edge_asr.bench.tokens import Tokenizer
from edge_asr.bench.wer import Errors, compare
from edge_asr.clock import Clock
from edge_asr.config import Config

LIVE, WHOLE, SECOND, FLOAT, PEER = "live", "whole", "second", "float", VOSK


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
    """One recording in one condition: what each system made of it. `tokens`: of those whose are comparable."""

    recording: Recording
    texts: Mapping[str, str]
    scores: Mapping[str, Score]
    condition: Condition = AS_RECORDED
    tokens: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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

    @property
    def as_recorded(self) -> list[Heard]:
        """Recordings without noise."""
        return [one for one in self.heard if one.condition == AS_RECORDED]

    @property
    def snrs_db(self) -> list[int]:
        """Distances of noise, in the order in which they came."""
        return list(dict.fromkeys(one.condition.snr_db for one in self.heard if one.condition.snr_db is not None))

    @property
    def noises(self) -> list[str]:
        """Names of the noises in the order in which they came."""
        return list(dict.fromkeys(one.condition.noise for one in self.heard if one.condition.noise is not None))

    def score(
        self, system: str, set_name: str | None = None, *, snr_db: int | None = None, noise: str | None = None
    ) -> Score:
        """Score on one set, or pooled over all that are not `apart`; as recorded, or with noise so far below.

        noise: that one alone, None: all at this distance.
        """
        chosen = (
            one
            for one in self.heard
            if (one.recording.set_name not in self.apart if set_name is None else one.recording.set_name == set_name)
            and one.condition.snr_db == snr_db
            and noise in (None, one.condition.noise)
        )
        return sum((one.scores[system] for one in chosen), Score())

    def cpu_ratio(self) -> float | None:
        """CPU of vosk for that of our live pipeline, over everything as recorded; None without it."""
        own = sum(one.scores[LIVE].cpu_s for one in self.as_recorded)
        if PEER not in self.systems or not own:
            return None
        return sum(one.scores[PEER].cpu_s for one in self.as_recorded) / own


def measure(
    config: Config,
    recordings: Sequence[Recording],
    conditions: Conditions,
    tokens: Tokenizer,
    clock: Clock,
    *,
    peers: Sequence[Peer],
    apart: frozenset[str],
    in_float: Config | None = None,
) -> Accuracy:
    """Decode every recording in every condition with every system, one thread each.

    in_float: the configuration with a bundle whose first pass is in float; its live pipeline is one more system.
    """
    with ExitStack() as stack:
        own = stack.enter_context(_own(config))
        systems = {name: _Decoder(own, name) for name in (LIVE, WHOLE, SECOND) if name in own.decoders}
        if in_float is not None:
            systems[FLOAT] = _Decoder(stack.enter_context(_own(in_float, LIVE)), LIVE)
        for peer in peers:
            process = stack.enter_context(DecoderProcess(peer.module, peer.words))
            systems[peer.name] = _Decoder(process, peer.name)
        with tqdm(
            total=len(recordings) * len(conditions), desc="recordings", unit="file", disable=None, leave=False
        ) as bar:
            heard = []
            for recording in recordings:
                samples, rate_hz = recording.samples(clock)
                for condition, mixture in conditions.of(samples, rate_hz, recording.name):
                    heard.append(_one(recording, condition, mixture, rate_hz, systems, tokens))
                    bar.update()
        return Accuracy(heard, tuple(systems), apart)


@dataclass(frozen=True, slots=True)
class _Decoder:
    """One of the decoders of a process."""

    process: DecoderProcess
    how: str


def _own(config: Config, *decoders: str) -> DecoderProcess:
    """Ours with one thread, to be entered; those decoders of it, or all."""
    alone = msgspec.structs.replace(
        config,
        recognizer=msgspec.structs.replace(config.recognizer, threads=1),
        second_pass=msgspec.structs.replace(config.second_pass, threads=1),
    )
    return DecoderProcess("edge_asr.bench.own_decoder", [msgspec.json.encode(alone).decode(), *decoders])


def _one(
    recording: Recording,
    condition: Condition,
    samples: Samples,
    rate_hz: int,
    systems: Mapping[str, _Decoder],
    tokens: Tokenizer,
) -> Heard:
    reference = tokens(recording.text)
    texts, scores, spelt = {}, {}, {}
    for system, decoder in systems.items():
        decoded: Decoded = decoder.process.decode(decoder.how, samples, rate_hz)
        errors = compare(reference, tokens(decoded.text))
        texts[system] = decoded.text
        if decoded.tokens is not None:
            spelt[system] = decoded.tokens
        scores[system] = Score(errors, decoded.cpu_s, len(samples) / rate_hz, 1)
    return Heard(recording, texts, scores, condition, spelt)
