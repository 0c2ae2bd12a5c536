"""What the pipeline has heard, frozen: a segment that begins, its transcripts, its end. No wall time, no device."""

from dataclasses import dataclass, field
from typing import TypeGuard

import numpy as np

from edge_asr.asr.grammar import Command, Wake
from edge_asr.asr.result import EndReason, Hypothesis
from edge_asr.audio.chunk import Samples


def no_samples() -> Samples:
    """None."""
    return np.empty(0, np.int16)


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The gate has opened. `at_s`: speech onset, in stream time."""

    stream_id: str
    segment_id: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """A partial or the final of a segment.

    Times of `hypothesis` count from `start_s` (stream time of the utterance's first sample). `decided_s` is the
    stream time of the newest sample when this was decided. A final carries the samples (n,) that its pass heard,
    read-only, for the second pass; `second_model` names the one that wrote the text anew, None: the first pass did.
    """

    stream_id: str
    segment_id: str
    revision: int
    hypothesis: Hypothesis
    onset_s: float
    start_s: float
    decided_s: float
    end_reason: EndReason | None  # None: a partial
    truncated: bool = False
    samples: Samples = field(default_factory=no_samples, repr=False, compare=False)
    second_model: str | None = None
    stable_chars: int = 0  # of a partial's text, from its beginning


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The utterance is over; with no words and no partial before, there was no final."""

    stream_id: str
    segment_id: str
    at_s: float
    end_reason: EndReason
    words: int


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a segment means by the lists of sentences; it follows the segment's final, where there is one.

    `command` is None for speech that is none of the sentences, and for the phrase that wakes, said alone: then `wake`
    tells of it, as it does where it stands before a command. `hypothesis` has the sentence's words, whose times count
    from `start_s`; without any, it is what was heard from `onset_s` on.
    """

    stream_id: str
    segment_id: str
    command: Command | None
    hypothesis: Hypothesis
    onset_s: float
    start_s: float
    decided_s: float
    wake: Wake | None = None


Observation = SpeechStarted | Transcript | Understanding | SpeechEnded


def is_final(observation: Observation) -> TypeGuard[Transcript]:
    """Whether it is the last transcript of its segment."""
    return isinstance(observation, Transcript) and observation.end_reason is not None
