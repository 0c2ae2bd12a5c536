"""The seam behind which a model of another kind weighs texts: which of a few was said."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Weighed:
    """How likely a text is: its log share given a sound, and the same where there is nothing to hear."""

    log_share: float
    unheard: float

    @property
    def evidence(self) -> float:
        """How much the sound speaks for the text; the model's liking for common ones is not in it."""
        return self.log_share - self.unheard


NEVER = Weighed(-math.inf, 0.0)


class Judge(Protocol):
    """An offline model. Immutable and shared; any thread."""

    sample_rate_hz: int
    longest_s: float  # audio that it can take at once

    def weigh(self, samples: NDArray[np.int16], texts: Sequence[str]) -> list[Weighed]:
        """Each text (no case, no marks), given int16 samples (n,); NEVER for one that it cannot write.

        Raises RecognitionError.
        """
        ...

    def stop(self) -> None:
        """Make every weighing, now and from now on, end in a RecognitionError soon; any thread."""
        ...
