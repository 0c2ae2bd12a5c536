"""How many events may lie behind those that were seen: one-sided, exact, of the Poisson distribution."""

import math

_ROUNDS = 60  # of halving: to the last digits of a float


def at_most(seen: int, certainty: float = 0.95) -> float:
    """The mean that as few events as `seen`, or fewer, still come of with a chance of 1 - certainty.

    For none that is 3.0 at 95 %: so many events an hour, by so many hours, is what such a run rules out.
    """
    low, high = float(seen), seen + 10.0 * math.sqrt(seen + 1.0) + 10.0
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if _chance_of_fewer(seen, middle) > 1.0 - certainty else (low, middle)
    return high


def _chance_of_fewer(seen: int, mean: float) -> float:
    """Of `seen` events or fewer, by logarithms: thousands of events have no factorial in a float."""
    logarithm = math.log(mean) if mean > 0 else -math.inf
    return math.fsum(
        math.exp((number * logarithm if number else 0.0) - mean - math.lgamma(number + 1)) for number in range(seen + 1)
    )
