"""Going round in circles: a decoder that writes the same again and again has lost the speech."""

from collections.abc import Sequence

_LONGEST_PERIOD = 16
_FEWEST_ROUNDS = 3
_FEWEST_TOKENS = 12  # of all rounds together: "no, no, no" and a row of zeros are speech


def loop_start(tokens: Sequence[int]) -> int | None:
    """Where the second round of a loop at the very end begins, None when there is none."""
    count = len(tokens)
    for period in range(1, _LONGEST_PERIOD + 1):
        rounds = max(_FEWEST_ROUNDS, -(-_FEWEST_TOKENS // period))
        length = period * rounds
        if length > count:
            continue
        tail = tokens[count - length :]
        if all(tail[at] == tail[at - period] for at in range(period, length)):
            return count - length + period
    return None
