"""One utterance on its way through the pipeline, and what is said of it."""

from dataclasses import dataclass, field
from typing import Generic

import numpy as np

from edge_asr.asr.recognizer import State
from edge_asr.asr.result import EndReason, Hypothesis
from edge_asr.asr.stable import StablePrefix
from edge_asr.audio.chunk import Samples
from edge_asr.observation import Transcript, Understanding, no_samples


@dataclass(slots=True)
class Utterance(Generic[State]):
    """Owned by the pipeline's thread. `shown`: text of the last partial."""

    stream_id: str
    segment_id: str
    state: State
    onset_s: float
    start_s: float
    truncated: bool
    heard: list[Samples] = field(default_factory=list)
    heard_samples: int = 0
    revision: int = 0
    hypothesis: Hypothesis | None = None
    shown: str = ""
    candidate: Transcript | None = None
    stable: StablePrefix = field(default_factory=StablePrefix)

    def transcript(
        self,
        hypothesis: Hypothesis,
        reason: EndReason | None,
        decided_s: float,
        *,
        truncated: bool,
        stable_chars: int = 0,
    ) -> Transcript:
        """Its next partial, or with a `reason` its final, which carries the samples."""
        return Transcript(
            self.stream_id,
            self.segment_id,
            self.revision + 1,
            hypothesis,
            self.onset_s,
            self.start_s,
            decided_s,
            reason,
            truncated,
            _frozen([] if reason is None else self.heard),
            stable_chars=stable_chars,
        )

    def understanding(self, hypothesis: Hypothesis, decided_s: float) -> Understanding:
        """What its final hypothesis means, or that it is unknown."""
        said, times = hypothesis.command_only, (self.onset_s, self.start_s, decided_s)
        return Understanding(self.stream_id, self.segment_id, hypothesis.command, said, *times, hypothesis.wake)


def _frozen(blocks: list[Samples]) -> Samples:
    samples = np.concatenate(blocks) if blocks else no_samples()
    samples.flags.writeable = False
    return samples
