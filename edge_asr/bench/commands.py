"""Commands understood in noise, and commands heard where there are none: through the daemon's own pipeline.

Recordings of commands are mixed with noise as the speech-to-intent benchmark does: at a ratio of the energies of the
loudest 2048 samples in a row of the two. A command counts when the intent and every slot is right and nothing else was
understood beside it. Every sentence is heard whatever it fits like, so that one run gives the figures of any threshold.
"""

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from edge_asr.asr.grammar import Command, Grammar
from edge_asr.asr.judge import Judge
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk, Samples
from edge_asr.bench.recordings import MANIFEST
from edge_asr.config import Config
from edge_asr.errors import EdgeAsrError
from edge_asr.loading import build_pipeline
from edge_asr.observation import Observation, Understanding

CLEAN = "clean"
MOST_ASKED = 0.6
LEVELS_DB: tuple[int, ...] = (24, 18, 12, 9, 6)
_FRAME_SAMPLES = 2048
_CHUNK_MS = 20
_QUIET_S = 1.0  # before and after each recording, as a room has it
_PIECE_S = 60.0  # of noise alone, from one pipeline


@dataclass(frozen=True, slots=True)
class Order:
    """One recording of a command and what it means."""

    name: str
    path: Path
    intent: str
    slots: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Understood:
    """One command that was heard: whether it is the one that was meant, and how well it fits."""

    excess: float
    intent_right: bool
    right: bool


@dataclass
class Level:
    """A noise at a distance: what was understood of each order, the one that fits best where there were several."""

    who: str
    noise: str
    snr_db: int | None
    heard: list[list[Understood]] = field(default_factory=list)
    audio_s: float = 0.0
    cpu_s: float = 0.0

    def accepted(self, most_excess: float) -> int:
        """Orders that were understood rightly, and nothing else with them."""
        return sum(
            len(kept := [one for one in heard if one.excess <= most_excess]) == 1 and kept[0].right
            for heard in self.heard
        )

    def wrong(self, most_excess: float) -> int:
        """Orders that were understood as another command than what was said."""
        return sum(any(one.excess <= most_excess and not one.right for one in heard) for heard in self.heard)


@dataclass
class Elsewhere:
    """Speech that is no command, or noise: the excess of each command that was heard in it."""

    who: str
    name: str
    audio_s: float = 0.0
    excesses: list[float] = field(default_factory=list)

    def false_commands(self, most_excess: float) -> int:
        """How many would be taken."""
        return sum(excess <= most_excess for excess in self.excesses)


def read_orders(folder: Path) -> list[Order]:
    """Recordings of `manifest.jsonl` that have an intent. Raises EdgeAsrError, also when there is none."""
    orders = orders_among(folder)
    if not orders:
        raise EdgeAsrError(f"{folder / MANIFEST}: none of the recordings has an intent; name a folder with commands")
    return orders


def orders_among(folder: Path) -> list[Order]:
    """The same, and maybe none. Raises EdgeAsrError."""
    manifest = folder / MANIFEST
    try:
        rows = [json.loads(line) for line in manifest.read_text("utf-8").splitlines() if line.strip()]
        return [
            Order(
                row["path"],
                folder / row["path"],
                str(row["intent"]),
                {name: " ".join(str(value).lower().split()) for name, value in row["slots"].items()},
            )
            for row in rows
            if row.get("intent")
        ]
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise EdgeAsrError(
            f'{manifest}: {error}; expected lines like {{"path": "a.flac", "intent": "...", "slots": {{...}}}}'
        ) from None


def mixed(speech: Samples, noise: Samples, snr_db: float, rng: np.random.Generator) -> Samples:
    """Speech in a piece of noise, int16 (n,), never louder than full scale."""
    if len(noise) < len(speech):
        noise = np.tile(noise, -(-len(speech) // len(noise)))
    begin = int(rng.integers(0, len(noise) - len(speech) + 1))
    piece = noise[begin : begin + len(speech)].astype(np.float64)
    share = math.sqrt(loudest(speech) / max(loudest(piece), 1e-9) / 10 ** (snr_db / 10))
    both = speech + share * piece
    peak = float(np.abs(both).max())
    return np.rint(both if peak <= 32767 else both * (32767 / peak)).astype(np.int16)


def loudest(samples: NDArray[Any]) -> float:
    """Mean square of the loudest frame."""
    whole = len(samples) // _FRAME_SAMPLES * _FRAME_SAMPLES
    frames = samples[:whole].reshape(-1, _FRAME_SAMPLES) if whole else samples[None]
    return float(np.square(frames.astype(np.float64)).mean(axis=1).max())


@dataclass(frozen=True, slots=True)
class Heard:
    """Commands understood in a recording, and what that cost."""

    commands: list[Command]
    cpu_s: float


class Ear(Protocol):
    """Who listens for commands. One thread."""

    name: str

    def hear(self, samples: Samples) -> Heard:
        """int16 (n,) as a microphone gives them, a stream of its own."""
        ...


class CommandEar:
    """Commands mode over recordings, each with a pipeline of its own. One thread."""

    name = "edge_asr"

    def __init__(
        self, config: Config, recognizer: KaldiRecognizer, grammar: Grammar, judge: Judge | None = None
    ) -> None:
        self._config = replace(config, commands=replace(config.commands, mode="commands"))
        most = math.inf if judge is None else MOST_ASKED  # nobody asks about what no threshold of the curve would take
        self._recognizer = recognizer.without_open_speech().with_commands(grammar, most).advised_by(judge)
        self.rate_hz = recognizer.sample_rate_hz

    def hear(self, samples: Samples) -> Heard:
        """Through the daemon's own pipeline, with its gate."""
        pipeline = build_pipeline(self._config, self._recognizer)
        began_s, step = time.process_time(), self.rate_hz * _CHUNK_MS // 1000
        seen: list[Observation] = []
        for at in range(0, len(samples), step):
            seen += pipeline.process(AudioChunk("bench", at, samples[at : at + step], self.rate_hz, 0))
        seen += pipeline.end(EndReason.END_OF_INPUT)
        cpu_s = time.process_time() - began_s
        return Heard([one.command for one in seen if isinstance(one, Understanding) and one.command is not None], cpu_s)


def level(ear: Ear, orders: Sequence[tuple[Order, Samples]], noise: str, snr_db: int | None, rate_hz: int) -> Level:
    """All orders, as they are given, in silence before and after."""
    found = Level(ear.name, noise, snr_db)
    quiet = np.zeros(round(_QUIET_S * rate_hz), np.int16)
    for order, samples in orders:
        heard = ear.hear(np.concatenate([quiet, samples, quiet]))
        found.cpu_s += heard.cpu_s
        found.audio_s += len(samples) / rate_hz + 2 * _QUIET_S
        found.heard.append([judged(command, order) for command in heard.commands])
    return found


def elsewhere(ear: Ear, name: str, samples: Samples, rate_hz: int) -> Elsewhere:
    """What is understood where nothing is to be understood."""
    found = Elsewhere(ear.name, name, len(samples) / rate_hz)
    for piece in _pieces(samples, round(_PIECE_S * rate_hz)):
        found.excesses += [command.excess for command in ear.hear(piece).commands]
    return found


def _pieces(samples: Samples, length: int) -> Iterator[Samples]:
    for at in range(0, len(samples), length):
        yield samples[at : at + length]


def judged(command: Command, order: Order) -> Understood:
    """Whether it is what was ordered."""
    said: dict[str, Any] = {name: " ".join(str(slot.value).lower().split()) for name, slot in command.slots.items()}
    intent_right = command.intent == order.intent
    return Understood(command.excess, intent_right, intent_right and said == dict(order.slots))
