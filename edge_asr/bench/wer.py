"""Word errors: the smallest count of substitutions, deletions and insertions between two texts (Levenshtein, 1966)."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors against references of `words` tokens; adding pools them."""

    words: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    @property
    def total(self) -> int:
        """All three kinds."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def percent(self) -> float | None:
        """Errors in 100 reference tokens, above 100 where much was invented; None without a reference."""
        return 100.0 * self.total / self.words if self.words else None

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(
            self.words + other.words,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )


def compare(reference: Sequence[str], heard: Sequence[str]) -> Errors:
    """Errors of `heard`; of the alignments with the fewest errors, one with the most words right."""
    # A cell is (errors, substitutions, deletions, insertions) of the best alignment of two beginnings.
    row = [(count, 0, 0, count) for count in range(len(heard) + 1)]
    for expected in reference:
        above = row
        errors, substitutions, deletions, insertions = above[0]
        row = [(errors + 1, substitutions, deletions + 1, insertions)]
        for column, word in enumerate(heard):
            errors, substitutions, deletions, insertions = above[column]
            wrong = int(word != expected)
            replaced = (errors + wrong, substitutions + wrong, deletions, insertions)
            errors, substitutions, deletions, insertions = above[column + 1]
            missed = (errors + 1, substitutions, deletions + 1, insertions)
            errors, substitutions, deletions, insertions = row[column]
            invented = (errors + 1, substitutions, deletions, insertions + 1)
            row.append(min(replaced, missed, invented))
    return Errors(len(reference), *row[-1][1:])
