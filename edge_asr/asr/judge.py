"""The seam behind which a model of another kind weighs texts: which of a few was said."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Judge(Protocol):
    """An offline model. Immutable and shared; any thread."""

    sample_rate_hz: int
    longest_s: float  # audio that it can take at once

    def weigh(self, samples: NDArray[np.int16], texts: Sequence[str]) -> list[float]:
        """Log share of each text (no case, no marks), given int16 samples (n,); -inf for one that it cannot write.

        Raises RecognitionError.
        """
        ...

    def stop(self) -> None:
        """Make every weighing, now and from now on, end in a RecognitionError soon; any thread."""
        ...
