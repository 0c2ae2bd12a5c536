"""Words lost where speech begins and where it ends: the live pipeline against the whole file.

Each recording is cut to nothing but its speech and placed in a room (see `tight`). Both ways hear the very same
samples; what the whole file has not got either is no loss of living on a stream.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tqdm import tqdm

from edge_asr.audio.chunk import Samples
from edge_asr.bench.own_decoder import OwnDecoders
from edge_asr.bench.recordings import Recording
from edge_asr.bench.tight import in_room, tight
from edge_asr.bench.tokens import Tokenizer
from edge_asr.bench.word_places import Edge, first_word, last_word
from edge_asr.clock import Clock
from edge_asr.config import Config

Room = Literal["silence", "noise"]
Place = Literal["first", "last"]
ROOMS: tuple[Room, ...] = ("silence", "noise")
PLACES: tuple[Place, ...] = ("first", "last")


@dataclass(frozen=True, slots=True)
class Both:
    """What both ways made of one word."""

    live: Edge
    whole: Edge


@dataclass(frozen=True, slots=True)
class Edges:
    """One recording in one room."""

    name: str
    room: Room
    reference: str
    live: str
    whole: str
    first: Both
    last: Both

    def of(self, place: Place) -> Both:
        """What became of the word there."""
        return self.first if place == "first" else self.last

    @property
    def lost_live(self) -> list[Place]:
        """Edges whose word live has not right and whole has."""
        return [place for place in PLACES if self.of(place).live != "right" and self.of(place).whole == "right"]


def measure(config: Config, recordings: Sequence[Recording], tokens: Tokenizer, clock: Clock) -> list[Edges]:
    """Every recording in every room; one without a sound long enough for a word is left out.

    Raises ModelError, AudioFileError.
    """
    decoders = OwnDecoders(config)
    found = []
    for recording in tqdm(recordings, desc="edges", unit="file", disable=None, leave=False):
        samples, rate_hz = recording.samples(clock)
        speech, reference = tight(samples, rate_hz), tokens(recording.text)
        if len(speech) and reference:
            found += [_edges(decoders, recording.name, room, reference, speech, rate_hz, tokens) for room in ROOMS]
    return found


def _edges(
    decoders: OwnDecoders,
    name: str,
    room: Room,
    reference: Sequence[str],
    speech: Samples,
    rate_hz: int,
    tokens: Tokenizer,
) -> Edges:
    stream = in_room(speech, rate_hz, noise=room == "noise")
    decoders.renew()
    live = " ".join(final.hypothesis.text for final in decoders.finals(stream, rate_hz))
    whole = decoders.whole(stream, rate_hz).text
    texts = [tokens(text) for text in (live, whole)]
    first, last = (Both(*(judge(reference, text) for text in texts)) for judge in (first_word, last_word))
    return Edges(name, room, " ".join(reference), live, whole, first, last)
