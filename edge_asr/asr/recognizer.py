"""The seam between the pipeline and a family of streaming recognizers."""

from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.result import Hypothesis

State = TypeVar("State")


class Recognizer(Protocol[State]):
    """Immutable and shared; whatever changes lives in the utterance state that it makes, takes and returns.

    One utterance state belongs to one thread. Every method raises RecognitionError when the utterance is lost.
    """

    sample_rate_hz: int
    language: str
    model: str

    def start(self, gain: float = 1.0) -> State:
        """State of a new utterance, whose samples are raised by `gain`; it knows nothing of those before it."""
        ...

    def step(
        self, samples: NDArray[np.int16], state: State, *, partial: bool = True
    ) -> tuple[Hypothesis | None, State]:
        """Take int16 samples of shape (n,); a hypothesis when the search has moved on, else None.

        Without `partial` nobody waits for one, because the machine is late: what serves partials alone may be left out.
        """
        ...

    def finish(self, state: State) -> tuple[Hypothesis, State]:
        """Decode what is left and give the last, timed hypothesis. The state is then of no further use."""
        ...

    def stop(self) -> None:
        """Make what takes long to compute, now and from now on, end in a RecognitionError soon; any thread."""
        ...
