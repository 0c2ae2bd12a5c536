"""How a value grows."""

from collections.abc import Sequence

import numpy as np


def slope(places: Sequence[float], values: Sequence[float]) -> float | None:
    """Growth of the values by one place, by least squares; None where there are no two different places."""
    x = np.asarray(places, np.float64)
    y = np.asarray(values, np.float64)
    if len(x) < 2:
        return None
    x -= x.mean()
    spread = float(x @ x)
    return float(x @ (y - y.mean())) / spread if spread else None
