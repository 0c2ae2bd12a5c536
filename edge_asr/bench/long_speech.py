"""Words lost where long speech is cut: the live pipeline against the whole file.

Recordings of a set are joined without a pause that ends an utterance, far beyond the longest one. The first pass hears
them alone: a second one has no whole file of that length.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import msgspec
from tqdm import tqdm

from edge_asr.audio.chunk import Samples
from edge_asr.bench.own_decoder import OwnDecoders
from edge_asr.bench.recordings import Recording
from edge_asr.bench.tight import in_room, without_pauses
from edge_asr.bench.tokens import Tokenizer
from edge_asr.bench.wer import Errors, compare
from edge_asr.bench.word_places import places
from edge_asr.clock import Clock
from edge_asr.config import Config

PAUSES_S = (0.4, 0.15)  # the longest: below every wait, and hardly a breath
LONG_S = 75.0
_BESIDE_CUT_WORDS = 2  # so many of the reference, on either side of a cut, are beside it

Heard = tuple[Recording, Samples, int]


@dataclass(frozen=True, slots=True)
class LongSpeech:
    """Speech beyond the longest utterance. `beside`: words of the reference that are beside a cut.

    `lost`: those of them that the whole file has right and live has not; `gained`: the other way round.
    """

    longest_pause_s: float
    seconds: float
    reference: str
    pieces: tuple[str, ...]  # of live, and ...
    end_reasons: tuple[str, ...]  # ... why each ended
    whole_text: str
    beside: int
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    live: Errors
    whole: Errors


def measure_long(config: Config, recordings: Sequence[Recording], tokens: Tokenizer, clock: Clock) -> list[LongSpeech]:
    """All that make long speech, with every pause. Raises ModelError, AudioFileError."""
    second_pass = msgspec.structs.replace(config.second_pass, enabled=False)
    decoders = OwnDecoders(msgspec.structs.replace(config, second_pass=second_pass))
    rows = list(in_rows([(one, *one.samples(clock)) for one in recordings]))
    return [
        _long(decoders, row, pause_s, tokens)
        for row in tqdm(rows, desc="long speech", unit="piece", disable=None, leave=False)
        for pause_s in PAUSES_S
    ]


def in_rows(heard: Sequence[Heard]) -> Iterator[list[Heard]]:
    """Recordings of one set and rate in a row until they are long; what is left of a set is not used."""
    row: list[Heard] = []
    for one in heard:
        if row and (one[0].set_name, one[2]) != (row[0][0].set_name, row[0][2]):
            row = []
        row.append(one)
        if sum(len(samples) / rate_hz for _, samples, rate_hz in row) >= LONG_S:
            yield row
            row = []


def _long(decoders: OwnDecoders, row: Sequence[Heard], pause_s: float, tokens: Tokenizer) -> LongSpeech:
    rate_hz = row[0][2]
    speech = without_pauses([samples for _, samples, _ in row], rate_hz, pause_s)
    stream = in_room(speech, rate_hz, noise=True)
    decoders.renew()
    finals = decoders.finals(stream, rate_hz)
    reference = [word for one, _, _ in row for word in tokens(one.text)]
    pieces = [tokens(final.hypothesis.text) for final in finals]
    live = [word for piece in pieces for word in piece]
    whole = tokens(decoders.whole(stream, rate_hz).text)
    cuts = list(accumulate(len(piece) for piece in pieces))[:-1]
    in_live, in_whole = places(reference, live), places(reference, whole)
    beside = beside_cuts(in_live, cuts)
    return LongSpeech(
        pause_s,
        len(speech) / rate_hz,
        " ".join(reference),
        tuple(final.hypothesis.text for final in finals),
        tuple(final.end_reason.value for final in finals if final.end_reason is not None),
        " ".join(whole),
        len(beside),
        tuple(reference[at] for at in beside if in_live[at] is None and in_whole[at] is not None),
        tuple(reference[at] for at in beside if in_live[at] is not None and in_whole[at] is None),
        compare(reference, live),
        compare(reference, whole),
    )


def beside_cuts(in_live: Sequence[int | None], cuts: Sequence[int]) -> list[int]:
    """Words of the reference beside a cut: what lies between the words that are right on both sides of it, or close."""
    found: set[int] = set()
    for cut in cuts:
        right = [(at, place) for at, place in enumerate(in_live) if place is not None]
        before = max((at for at, place in right if place < cut), default=-1)
        behind = min((at for at, place in right if place >= cut), default=len(in_live))
        found.update(range(before + 1, behind))
        found.update(range(max(0, before - _BESIDE_CUT_WORDS + 1), before + 1))
        found.update(range(behind, min(len(in_live), behind + _BESIDE_CUT_WORDS)))
    return sorted(found)
