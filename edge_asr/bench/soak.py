"""Many hours of speech in one process, at full speed: what grows, and what becomes slow.

Free memory goes back to the kernel once a minute of sound, as in the daemon, and before it is looked how much is held:
what only waits to be given back is no growth. A network holds what the last sound needed until the next one, and a long
one needs 50 MiB more than a short one. So it is looked after the same recordings each time round, and each is compared
with itself.
"""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from edge_asr.audio.chunk import Samples
from edge_asr.audio.replay import FileSource
from edge_asr.bench.footprint import Footprint
from edge_asr.bench.full_speed import CHUNK_MS, FullSpeed
from edge_asr.bench.slope import slope
from edge_asr.bench.spread import median
from edge_asr.clock import Clock
from edge_asr.errors import EdgeAsrError
from edge_asr.events import Event, FinalEvent, SpeechEndedEvent
from edge_asr.tidier import TIDY_S

_PAUSE_S = 1.2  # after each recording: longer than the gate's hangover and the endpointer's silence
_LOOKS = 20  # each time round, at most
_SETTLED = 0.2  # up to here the arenas and caches fill; slopes are of what comes then
_LEAST_ROUNDS = 10  # a recording is compared with itself, so it must come early and late


@dataclass(slots=True)
class Play:
    """One recording and its pause, in CPU seconds: others on the machine must not look like a drift.

    `final_ms`: the longest call that brought a final, which is what a person waits.
    """

    audio_s: float = 0.0
    compute_s: float = 0.0
    final_ms: float = 0.0
    ended: int = 0
    words: int = 0


@dataclass(slots=True)
class Soak:
    """All of it. `early` and `late`: by recording, its second and its last play."""

    utterances: int = 0
    words: int = 0
    plays: int = 0
    audio_s: float = 0.0
    compute_s: float = 0.0
    places: list[int] = field(default_factory=list)  # utterances at each sample, ...
    after: list[int] = field(default_factory=list)  # ... and the recording after which it was taken
    samples: list[Footprint] = field(default_factory=list)
    early: dict[int, Play] = field(default_factory=dict)
    late: dict[int, Play] = field(default_factory=dict)

    def per_thousand(self, value: Callable[[Footprint], float]) -> float | None:
        """Growth of a value by 1000 utterances once it has settled, after the same recordings."""
        first = self.settled
        places, after = np.array(self.places[first:], np.float64), np.array(self.after[first:])
        values = np.array([value(sample) for sample in self.samples[first:]], np.float64)
        for recording in np.unique(after):
            same = after == recording
            places[same] -= places[same].mean()
            values[same] -= values[same].mean()
        found = slope(places.tolist(), values.tolist())
        return None if found is None else 1000.0 * found

    def of_the_first(self) -> tuple[int, int, int]:
        """Numbers of three samples after the same recording: the first of all, that when all had settled, the last."""
        same = [number for number, recording in enumerate(self.after) if recording == self.after[0]]
        return same[0], next((number for number in same if number >= self.settled), same[-1]), same[-1]

    @property
    def settled(self) -> int:
        """Number of the first sample that counts for slopes."""
        reached = _SETTLED * self.utterances
        return next((number for number, place in enumerate(self.places) if place >= reached), 0)

    def drift(self, cost: Callable[[Play], float]) -> tuple[float | None, float | None, float | None]:
        """Median cost early and late, and the median ratio of the two, recording by recording."""
        pairs = [(cost(self.early[one]), cost(self.late[one])) for one in self.late if one in self.early]
        ratios = [late / early for early, late in pairs if early]
        return median([early for early, _ in pairs]), median([late for _, late in pairs]), median(ratios)


def measure(
    recordings: Sequence[Path],
    utterances: int,
    stream: FullSpeed,
    clock: Clock,
    look: Callable[[], Footprint],
    give_back: Callable[[], None],
) -> Soak:
    """Play recordings over and over until so many utterances have ended, all on one stream.

    So few of the recordings are taken that each comes at least ten times. Raises AudioFileError, and EdgeAsrError
    when there is no utterance in any of them.
    """
    chosen = recordings[: max(1, utterances // _LEAST_ROUNDS)]
    soak = Soak()
    next_tidy_s = TIDY_S
    every = -(-len(chosen) // _LOOKS)
    with tqdm(total=utterances, desc="utterances", disable=None, leave=False) as bar:
        while soak.utterances < utterances:
            number = soak.plays % len(chosen)
            play = _play(chosen[number], stream, clock)
            _take(soak, number, soak.plays // len(chosen), play)
            if number == len(chosen) - 1 and not soak.utterances:
                raise EdgeAsrError("no utterance was heard in any recording; give recordings of speech")
            bar.update(play.ended)
            if number % every == 0:
                gc.collect()
            if number % every == 0 or soak.audio_s >= next_tidy_s:
                give_back()
                next_tidy_s = soak.audio_s + TIDY_S
            if number % every == 0:
                soak.places.append(soak.utterances)
                soak.after.append(number)
                soak.samples.append(look())
    return soak


def _take(soak: Soak, number: int, turn: int, play: Play) -> None:
    soak.plays += 1
    soak.utterances += play.ended
    soak.words += play.words
    soak.audio_s += play.audio_s
    soak.compute_s += play.compute_s
    if turn == 1:  # the first time is for the caches
        soak.early[number] = play
    elif turn > 1:
        soak.late[number] = play


def _play(path: Path, stream: FullSpeed, clock: Clock) -> Play:
    """Hear one recording and a pause; reading the file is not measured."""
    source = FileSource(path, clock, CHUNK_MS)
    rate_hz = source.sample_rate_hz
    play = Play()
    for chunk in source.chunks():
        _hear(chunk.samples, rate_hz, stream, play)
    silence = np.zeros(rate_hz * CHUNK_MS // 1000, np.int16)
    for _ in range(round(_PAUSE_S * 1000 / CHUNK_MS)):
        _hear(silence, rate_hz, stream, play)
    return play


def _hear(samples: Samples, rate_hz: int, stream: FullSpeed, play: Play) -> None:
    began_s = time.process_time()
    events = stream.hear(samples, rate_hz)
    took_s = time.process_time() - began_s
    play.audio_s += len(samples) / rate_hz
    play.compute_s += took_s
    _count(events, took_s, play)


def _count(events: Sequence[Event], took_s: float, play: Play) -> None:
    for event in events:
        if isinstance(event, FinalEvent):
            play.final_ms = max(play.final_ms, 1000.0 * took_s)
        elif isinstance(event, SpeechEndedEvent):
            play.ended += 1
            play.words += event.words
