"""A phrase that wakes: how often it is missed, and how often it is heard where nobody says it.

There are no recordings of one. But the orders of the speech-to-intent benchmark begin with one of a few phrases, each
said by many people: "may I have", "give me". Such an opening is taken for the phrase that wakes, and the orders without
openings for the sentences: then an order with that opening is the phrase before a command; what is cut off behind the
opening is the phrase alone; orders with other openings, whole or cut off just so, are what must not wake, and so is all
other speech. It proves nothing of a phrase that none of the openings is like.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from msgspec.structs import replace

from edge_asr.asr.grammar import Grammar
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.result import EndReason
from edge_asr.audio.chunk import AudioChunk, Samples
from edge_asr.bench.commands import Order, judged
from edge_asr.bench.table import Cell, table
from edge_asr.config import Config
from edge_asr.errors import EdgeAsrError
from edge_asr.loading import build_pipeline
from edge_asr.observation import Observation, Understanding

_OPENING = re.compile(r'^(\s*- ")\[([^\[\]]*)\] ', re.MULTILINE)
_CHUNK_MS = 20
_QUIET_S = 1.0
_BEHIND_S = 0.1  # of what follows, which is left of an opening that is cut off
_CURVE = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)


@dataclass
class WakeResult:
    """Of one phrase: excess of the phrase where it was heard, infinite where not.

    `alone` and `before` (a command, rightly understood) where it was said; `others_alone` and `others_before` where
    another opening was.
    """

    phrase: str
    alone: list[float] = field(default_factory=list)
    before: list[float] = field(default_factory=list)
    others_alone: list[float] = field(default_factory=list)
    others_before: list[float] = field(default_factory=list)


@dataclass
class WakeElsewhere:
    """Speech and noise without orders, with all phrases listened for at once: excess of each that was heard, alone."""

    audio_s: float = 0.0
    excesses: list[float] = field(default_factory=list)
    before_commands: list[float] = field(default_factory=list)


def openings(text: str) -> tuple[list[str], str]:
    """Phrases that the expressions of the benchmark's list begin with, and the list without. Raises EdgeAsrError."""
    found = Counter(match[2] for match in _OPENING.finditer(text))
    if not found:
        raise EdgeAsrError('the commands begin with no alternatives, as in `- "[can I have, I want] ..."`: none wakes')
    whole = found.most_common(1)[0][0]
    return [one.strip().lower() for one in whole.split(",")], text.replace(f'- "[{whole}] ', '- "')


@dataclass(frozen=True, slots=True)
class Opened:
    """An order: with which phrase it begins, and where that ends in its samples."""

    order: Order
    samples: Samples
    opening: str
    end_s: float

    def alone(self, rate_hz: int) -> Samples:
        """The opening, cut off."""
        return self.samples[: round((self.end_s + _BEHIND_S) * rate_hz)]


def opened(hearing: KaldiRecognizer, order: Order, samples: Samples, phrases: Sequence[str]) -> Opened:
    """How an order begins, by what hears the whole list."""
    state = hearing.start()
    hearing.step(samples, state)
    words = hearing.finish(state)[0].words
    text = " ".join(word.word for word in words)
    for phrase in phrases:
        if f"{text} ".startswith(f"{phrase} "):
            return Opened(order, samples, phrase, words[len(phrase.split()) - 1].end_s)
    return Opened(order, samples, "", 0.0)


class WakeEar:
    """Commands mode with a phrase before them, at any threshold. One thread."""

    def __init__(self, config: Config, recognizer: KaldiRecognizer, grammar: Grammar) -> None:
        self._config = replace(config, commands=replace(config.commands, mode="commands", wake_for_s=0.0))
        self._recognizer = recognizer.without_open_speech().with_commands(
            grammar, config.commands.most_excess, math.inf
        )
        self.rate_hz = recognizer.sample_rate_hz

    def heard(self, samples: Samples) -> list[Understanding]:
        """What begins with the phrase."""
        pipeline = build_pipeline(self._config, self._recognizer)
        quiet = np.zeros(round(_QUIET_S * self.rate_hz), np.int16)
        stream, step = np.concatenate([quiet, samples, quiet]), self.rate_hz * _CHUNK_MS // 1000
        seen: list[Observation] = []
        for at in range(0, len(stream), step):
            seen += pipeline.process(AudioChunk("bench", at, stream[at : at + step], self.rate_hz, 0))
        seen += pipeline.end(EndReason.END_OF_INPUT)
        return [one for one in seen if isinstance(one, Understanding) and one.wake is not None]

    def result(self, phrase: str, orders: Sequence[Opened]) -> WakeResult:
        """Of all orders, whole and cut off."""
        found = WakeResult(phrase)
        for one in orders:
            cut = _best(self.heard(one.alone(self.rate_hz)), commands=False) if one.opening else math.inf
            whole = self.heard(one.samples)
            if one.opening != phrase:
                found.others_alone.append(cut)
                found.others_before.append(min(_best(whole, commands=True), _best(whole, commands=False)))
                continue
            found.alone.append(cut)
            right = [had for had in whole if had.command is not None and judged(had.command, one.order).right]
            found.before.append(_best(right, commands=True))
        return found

    def elsewhere(self, samples: Samples, found: WakeElsewhere) -> None:
        """Add what is heard in them."""
        found.audio_s += len(samples) / self.rate_hz
        for one in self.heard(samples):
            assert one.wake is not None  # noqa: S101 - for the type checker: `heard` has looked
            (found.excesses if one.command is None else found.before_commands).append(one.wake.excess)


def _best(heard: Sequence[Understanding], *, commands: bool) -> float:
    return min(
        (one.wake.excess for one in heard if one.wake is not None and (one.command is not None) == commands),
        default=math.inf,
    )


def wake_text(results: Sequence[WakeResult], elsewhere: WakeElsewhere, config: Config) -> str:
    """Each phrase at the configured thresholds, and all of them at others."""
    most = config.commands.most_wake_excess
    rows: list[list[Cell]] = [
        [
            one.phrase,
            str(len(one.alone)),
            _share(one.alone, most),
            _share(one.before, most),
            _share(one.others_alone, most),
            _share(one.others_before, most),
        ]
        for one in results
    ]
    headings = ["phrase", "said", "alone %", "before a command %", "others alone %", "others before one %"]
    every = {
        name: [excess for one in results for excess in getattr(one, name)]
        for name in ("alone", "before", "others_alone", "others_before")
    }
    hours = elsewhere.audio_s / 3600
    curve: list[list[Cell]] = [
        [
            f"{limit:.1f}",
            *(_share(every[name], limit) for name in ("alone", "before", "others_alone", "others_before")),
            f"{sum(excess <= limit for excess in elsewhere.excesses + elsewhere.before_commands) / hours:.1f}",
        ]
        for limit in _CURVE
    ]
    minutes = f"{elsewhere.audio_s / 60:.0f} minutes of other speech and noise"
    told = f"False an hour: of {len(results)} phrases at once, in {minutes}, alone and before commands"
    parts = [
        table(headings, rows),
        table(["most_wake_excess", *headings[2:], "false an hour"], curve),
        told,
    ]
    return "\n\n".join(parts)


def wake_json(results: Sequence[WakeResult], elsewhere: WakeElsewhere) -> dict[str, Any]:
    """Every excess; null where nothing was heard."""

    def finite(excesses: Sequence[float]) -> list[float | None]:
        return [excess if math.isfinite(excess) else None for excess in excesses]

    return {
        "phrases": [
            {"phrase": one.phrase}
            | {name: finite(getattr(one, name)) for name in ("alone", "before", "others_alone", "others_before")}
            for one in results
        ],
        "elsewhere": {
            "audio_s": elsewhere.audio_s,
            "alone": finite(elsewhere.excesses),
            "before": finite(elsewhere.before_commands),
        },
    }


def _share(excesses: Sequence[float], most: float) -> str:
    return f"{100 * sum(excess <= most for excess in excesses) / len(excesses):.1f}" if excesses else "-"
