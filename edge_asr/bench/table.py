"""Aligned tables for a terminal: the names of the rows to the left, all else to the right, None as a dash."""

from collections.abc import Sequence

Cell = str | int | float | None
_GAP = "  "


def table(headings: Sequence[str], rows: Sequence[Sequence[Cell]], digits: int = 1) -> str:
    """Lines of one table; floats get `digits` decimals.

    Raises ValueError when a row has not as many cells as there are headings.
    """
    lines = [list(headings), *([_text(cell, digits) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    others = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return _GAP.join([first, *others]).rstrip()


def _text(cell: Cell, digits: int) -> str:
    if cell is None:
        return "-"
    return f"{cell:.{digits}f}" if isinstance(cell, float) else str(cell)
