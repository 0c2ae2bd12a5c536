"""Errors of the same speech in each shape, for a person and for a machine."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from edge_asr.bench.formats import Shaped
from edge_asr.bench.table import Cell, table


def formats_text(shapes: Sequence[Shaped], measure: str) -> str:
    """One table. measure: WER or CER."""
    rows: list[list[Cell]] = []
    for one in shapes:
        points = points_apart(one, shapes[0])
        percent = one.errors.percent
        rows.append(
            [
                one.shape.name,
                None if percent is None else f"{percent:.2f}",
                None if points is None else f"{points:+.2f}",
                f"{one.recordings - len(one.differing)} of {one.recordings}",
            ]
        )
    return table(["the same speech as", f"{measure} %", "points apart", "texts equal"], rows)


def formats_json(shapes: Sequence[Shaped]) -> list[dict[str, Any]]:
    """The same as JSON objects, with the recordings that differ."""
    return [
        {**asdict(one), "percent": one.errors.percent, "points_apart": points_apart(one, shapes[0])} for one in shapes
    ]


def points_apart(one: Shaped, usual: Shaped) -> float | None:
    """Errors in 100 words more than the usual shape has; None without words."""
    here, there = one.errors.percent, usual.errors.percent
    return None if here is None or there is None else here - there
