"""Commands heard where nobody gives one, over hours: the same speech again and again, each time in another dress.

Each time the recordings come in another order, are played at another speed, are cut at other places with pauses behind
them, and lie in one of the noises, near or far, louder or softer. All are brought to one level before, so that the
distance of the noise is that of each of them. That is not the speech of more people: it tells how much
the answer depends on chance, and what words like those recorded are taken for, not what others would say.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import soxr
from numpy.typing import NDArray

from edge_asr.asr.grammar import Command
from edge_asr.audio.chunk import Samples
from edge_asr.bench.commands import Ear, Elsewhere, loudest, mixed

SPEEDS = (0.9, 1.1)
LEVELS_DB = (-18.0, 6.0)  # of the mixture, beside _LOUDEST
SNRS_DB = (0.0, 24.0)
_BAND_DB = 6
PARTS_S = (1.0, 10.0)
PAUSES_S = (0.2, 1.5)  # some end what is said, and some do not
MINUTE_S = 60.0  # is a stream of its own, with one noise
SEED = 8  # of the order, the cuts and all else that is drawn
_LOUDEST = 4000.0  # RMS of the loudest frame, int16 scale, -18 dBFS
_FULL_SCALE = 32767.0
_FAR_ABOVE = 1.0  # of excess: what fits so badly is counted and not told


@dataclass(frozen=True, slots=True)
class Said:
    """A recording that is no command."""

    name: str
    samples: Samples


@dataclass(frozen=True, slots=True)
class Minute:
    """One stream: int16 (n,), in which noise, and which recordings it has parts of."""

    noise: str
    snr_db: float
    names: tuple[str, ...]
    samples: Samples


@dataclass(frozen=True, slots=True)
class Mistaken:
    """A command that nobody gave, and the stream that it was heard in."""

    command: str
    excess: float
    noise: str
    snr_db: float
    names: tuple[str, ...]


@dataclass
class FalseHours:
    """What was heard, by noise, and the same by its distance. `speech_s` is how much there is before it is repeated."""

    speech_s: float
    elsewhere: list[Elsewhere]
    by_distance: list[Elsewhere]
    mistaken: list[Mistaken] = field(default_factory=list)
    cpu_s: float = 0.0
    seed: int = SEED

    @property
    def audio_s(self) -> float:
        """All of it."""
        return sum(one.audio_s for one in self.elsewhere)


def hear_for(
    ear: Ear, said: Sequence[Said], noises: Mapping[str, Samples], hours: float, rate_hz: int, seed: int = SEED
) -> Iterator[FalseHours]:
    """So many hours through one ear; what was heard up to now, after each minute."""
    lowest_db, highest_db = (round(snr_db) for snr_db in SNRS_DB)
    found = FalseHours(
        sum(len(one.samples) for one in said) / rate_hz,
        [Elsewhere(ear.name, f"speech in {noise}") for noise in noises],
        [
            Elsewhere(ear.name, f"noise {snr_db} to {snr_db + _BAND_DB} dB below")
            for snr_db in range(lowest_db, highest_db, _BAND_DB)
        ],
        seed=seed,
    )
    of_noise = dict(zip(noises, found.elsewhere, strict=True))
    left = round(hours * 3600 * rate_hz)
    for minute in minutes(said, noises, rate_hz, seed):
        samples = minute.samples[:left]
        left -= len(samples)
        heard = ear.hear(samples)
        found.cpu_s += heard.cpu_s
        for part in (of_noise[minute.noise], found.by_distance[int((minute.snr_db - lowest_db) // _BAND_DB)]):
            part.audio_s += len(samples) / rate_hz
            part.excesses += [command.excess for command in heard.commands]
        found.mistaken += [
            Mistaken(meant(command), command.excess, minute.noise, minute.snr_db, minute.names)
            for command in heard.commands
            if command.excess <= _FAR_ABOVE
        ]
        yield found
        if not left:
            return


def minutes(said: Sequence[Said], noises: Mapping[str, Samples], rate_hz: int, seed: int = SEED) -> Iterator[Minute]:
    """Without an end, and the same for the same seed; one noise after the other."""
    rng = np.random.default_rng(seed)
    parts = _parts(said, rate_hz, rng)
    for noise in itertools.cycle(noises):
        row: list[Samples] = []
        names: list[str] = []
        while sum(map(len, row)) < MINUTE_S * rate_hz:
            name, part = next(parts)
            row += [part, np.zeros(round(rng.uniform(*PAUSES_S) * rate_hz), np.int16)]
            names.append(name)
        snr_db = float(rng.uniform(*SNRS_DB))
        samples = np.concatenate(row)[: round(MINUTE_S * rate_hz)]
        both = mixed(samples, noises[noise], snr_db, rng)
        level_db = float(rng.uniform(*LEVELS_DB))
        yield Minute(noise, snr_db, tuple(dict.fromkeys(names)), amplified(both, 10.0 ** (level_db / 20.0)))


def _parts(said: Sequence[Said], rate_hz: int, rng: np.random.Generator) -> Iterator[tuple[str, Samples]]:
    """All recordings in one order after another, each cut into parts."""
    while True:
        for number in rng.permutation(len(said)):
            one = said[number]
            samples = amplified(at_speed(one.samples, float(rng.uniform(*SPEEDS))), _to_level(one.samples))
            at = 0
            while at < len(samples):
                end = at + round(rng.uniform(*PARTS_S) * rate_hz)
                end = end if len(samples) - end >= PARTS_S[0] * rate_hz else len(samples)  # no scrap is left
                yield one.name, samples[at:end]
                at = end


def at_speed(samples: Samples, speed: float) -> NDArray[np.float32]:
    """Faster or slower, and the voice higher or lower with it."""
    played: NDArray[np.float32] = soxr.resample(samples.astype(np.float32), speed, 1.0)
    return played


def amplified(samples: Samples | NDArray[np.float32], factor: float) -> Samples:
    """Louder or softer, int16; never beyond full scale."""
    peak = float(np.abs(samples.astype(np.float32)).max(initial=0.0))
    louder: Samples = np.rint(samples * min(factor, _FULL_SCALE / max(peak, 1.0))).astype(np.int16)
    return louder


def _to_level(samples: Samples) -> float:
    return _LOUDEST / max(math.sqrt(loudest(samples)), 1.0)


def meant(command: Command) -> str:
    """Intent and slots on one line."""
    return " ".join([command.intent, *(f"{name}={slot.value}" for name, slot in command.slots.items())])
