"""The seam behind which a model of another kind weighs texts: which of a few was said."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Weighed:
    """How likely a text is: its log share, and that for each of the tokens in which the model writes it."""

    log_share: float
    for_each_token: float


NEVER = Weighed(-math.inf, -math.inf)


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
