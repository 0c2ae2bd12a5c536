"""Words that are invented where nobody speaks, by the hour, and what it costs to listen there."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tqdm import tqdm

from edge_asr.bench.full_speed import FullSpeed
from edge_asr.bench.sounds import Sound
from edge_asr.events import Event, FinalEvent, PartialEvent

_BAR_S = 1.0


@dataclass(slots=True)
class Invented:
    """What was made of one sound. Words of partials are counted in every partial anew, as a subscriber sees them.

    In a language without spaces between words they are characters.
    """

    sound: str
    audio_s: float = 0.0
    cpu_s: float = 0.0
    partial_words: int = 0
    final_words: int = 0
    events: Counter[str] = field(default_factory=Counter)

    @property
    def cpu_share(self) -> float:
        """CPU seconds for each second of sound."""
        return self.cpu_s / self.audio_s if self.audio_s else 0.0

    def hourly(self, count: int) -> float:
        """A count as one by the hour of sound."""
        return hourly(count, self.audio_s)

    def take(self, event: Event, words: Callable[[str], int]) -> None:
        """Count an event."""
        self.events[str(event.__struct_config__.tag)] += 1
        if isinstance(event, PartialEvent):
            self.partial_words += words(event.text)
        elif isinstance(event, FinalEvent):
            self.final_words += words(event.text)


def hourly(count: int, audio_s: float) -> float:
    """A count in so much sound as one by the hour."""
    return 3600.0 * count / audio_s if audio_s else 0.0


def measure(
    sounds: Sequence[Sound], seconds: float, stream: Callable[[], FullSpeed], words: Callable[[str], int]
) -> list[Invented]:
    """Hear so much of every sound, each on a stream of its own. words: how many a text has."""
    return [_one(sound, seconds, stream(), words) for sound in sounds]


def _one(sound: Sound, seconds: float, stream: FullSpeed, words: Callable[[str], int]) -> Invented:
    invented = Invented(sound.name)
    layout = "{desc} {bar} {n:.0f} of {total:.0f} s"
    with tqdm(total=seconds, desc=sound.name, bar_format=layout, disable=None, leave=False) as bar:
        for samples in sound.chunks(seconds):  # making or reading the sound is not measured
            began_s = time.process_time()
            events = stream.hear(samples, sound.sample_rate_hz)
            invented.cpu_s += time.process_time() - began_s
            invented.audio_s += len(samples) / sound.sample_rate_hz
            _take(events, invented, words)
            if invented.audio_s - bar.n >= _BAR_S:
                bar.update(invented.audio_s - bar.n)
        began_s = time.process_time()
        events = stream.end()
        invented.cpu_s += time.process_time() - began_s
        _take(events, invented, words)
    return invented


def _take(events: Sequence[Event], invented: Invented, words: Callable[[str], int]) -> None:
    for event in events:
        invented.take(event, words)
