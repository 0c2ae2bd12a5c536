"""Where something stands in a file, so that a fault of it can be found."""

from typing import NamedTuple

from edge_asr.errors import SentencesError


class Place(NamedTuple):
    """Line and column count from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def right(self, characters: int) -> "Place":
        """So far behind it on the same line."""
        return Place(self.file, self.line, self.column + characters)

    def error(self, seen: str, fix: str) -> SentencesError:
        """Fault of what stands here, and what mends it."""
        return SentencesError(f"{self}: {seen}; {fix}")
