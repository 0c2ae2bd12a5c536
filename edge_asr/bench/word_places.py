"""Which words of a reference a text has, and what became of the first and of the last one."""

from collections.abc import Sequence
from typing import Literal

from edge_asr.bench.wer import compare

Edge = Literal["right", "misheard", "missing"]


def first_word(reference: Sequence[str], heard: Sequence[str]) -> Edge:
    """What became of the first word of a reference, at best in an alignment with the fewest errors.

    missing: every such alignment has nothing in its place. The reference is not empty.
    """
    fewest = compare(reference, heard).total
    rest = reference[1:]
    for place, word in enumerate(heard):
        if place > fewest:
            break
        if word == reference[0] and place + compare(rest, heard[place + 1 :]).total == fewest:
            return "right"
    if any(1 + place + compare(rest, heard[place + 1 :]).total == fewest for place in range(len(heard))):
        return "misheard"
    return "missing"


def last_word(reference: Sequence[str], heard: Sequence[str]) -> Edge:
    """The same of its last word."""
    return first_word(reference[::-1], heard[::-1])


def places(reference: Sequence[str], heard: Sequence[str]) -> list[int | None]:
    """Where in `heard` each word of the reference is; None: it is not.

    It is an alignment with the fewest errors, and of those one with the most words right.
    """
    columns = len(heard) + 1
    costs = [[(column, 0) for column in range(columns)]]  # errors, and words that are not wrong, below 0
    for row, word in enumerate(reference, 1):
        above, now = costs[-1], [(row, 0)]
        for column in range(1, columns):
            together = _paired(above[column - 1], equal=word == heard[column - 1])
            now.append(min(together, _one_more(above[column]), _one_more(now[column - 1])))
        costs.append(now)
    found: list[int | None] = [None] * len(reference)
    row, column = len(reference), len(heard)
    while row and column:
        equal = reference[row - 1] == heard[column - 1]
        if costs[row][column] == _paired(costs[row - 1][column - 1], equal=equal):
            row, column = row - 1, column - 1
            found[row] = column if equal else None
        elif costs[row][column] == _one_more(costs[row - 1][column]):
            row -= 1
        else:
            column -= 1
    return found


def _paired(cost: tuple[int, int], *, equal: bool) -> tuple[int, int]:
    return (cost[0], cost[1] - 1) if equal else _one_more(cost)


def _one_more(cost: tuple[int, int]) -> tuple[int, int]:
    return cost[0] + 1, cost[1]
