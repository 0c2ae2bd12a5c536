"""A scatter plot as SVG text: x in decades, y from zero."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 760, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 190, 44, 56  # margins; labels stand to the right of their points
_LINE = 15  # between two labels, at least
# Okabe and Ito: told apart by everyone
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
_FACTORS = (1.0, 2.0, 5.0)
_SMALLEST = 1e-6  # below it there is nothing to tell from 0


@dataclass(frozen=True, slots=True)
class Point:
    """x above 0, y from 0. Points of one `group` have one colour; one without a `label` is small and pale.

    `hint` is what a browser shows under the mouse.
    """

    group: str
    x: float
    y: float
    hint: str
    label: str = ""


def scatter(points: Sequence[Point], title: str, x_title: str, y_title: str) -> str:
    """An SVG document. Raises ValueError without points, or when one is outside the ranges of both axes."""
    if not points or any(point.x <= 0.0 or point.y < 0.0 for point in points):
        raise ValueError("a plot needs points with x above 0 and y from 0")
    frame = _Frame(points)
    size = f'width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="white"/>',
        _text(_LEFT, 24, title, size=15),
        *frame.grid(),
        _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 14, x_title, anchor="middle"),
        f'<g transform="rotate(-90)">{_text(-(_TOP + _HEIGHT - _BOTTOM) / 2, 18, y_title, anchor="middle")}</g>',
        *_marks(points, frame),
        *_labels(points, frame),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Frame:
    """From values to places on the page."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._low = _below(min(point.x for point in points))
        self._high = _above(max(point.x for point in points))
        highest = max(point.y for point in points)
        self._step = _above(max(highest, _SMALLEST) / 6)
        self._top = self._step * max(1, math.ceil(highest / self._step))

    def x(self, value: float) -> float:
        share = math.log(value / self._low) / math.log(self._high / self._low)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - value / self._top * (_HEIGHT - _TOP - _BOTTOM)

    def grid(self) -> Iterator[str]:
        right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
        for value in _round_numbers(self._low, self._high):
            x = self.x(value)
            yield _line(x, _TOP, x, bottom)
            yield _text(x, bottom + 18, f"{value:g}", anchor="middle")
        for number in range(round(self._top / self._step) + 1):
            y = self.y(number * self._step)
            yield _line(_LEFT, y, right, y)
            yield _text(_LEFT - 8, y + 4, f"{number * self._step:g}", anchor="end")


def _marks(points: Sequence[Point], frame: _Frame) -> Iterator[str]:
    for point in sorted(points, key=lambda one: bool(one.label)):  # the great ones above the small
        radius, opacity = (7, 1.0) if point.label else (3.5, 0.45)
        yield (
            f'<circle cx="{frame.x(point.x):.1f}" cy="{frame.y(point.y):.1f}" r="{radius}" '
            f'fill="{_colour(point, points)}" fill-opacity="{opacity}"><title>{escape(point.hint)}</title></circle>'
        )


def _labels(points: Sequence[Point], frame: _Frame) -> Iterator[str]:
    """Beside their points, and below each other where those are close."""
    free_y = -math.inf
    for point in sorted((one for one in points if one.label), key=lambda one: -one.y):
        y = max(frame.y(point.y) + 4, free_y)
        free_y = y + _LINE
        yield _text(frame.x(point.x) + 12, y, point.label, colour=_colour(point, points))


def _colour(point: Point, points: Sequence[Point]) -> str:
    groups = list(dict.fromkeys(one.group for one in points))
    return _COLOURS[groups.index(point.group) % len(_COLOURS)]


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 12, colour: str = "#222222") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} font-size="{size}" fill="{colour}">{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'


def _below(value: float) -> float:
    """Largest of ..., 0.5, 1, 2, 5, 10, ... below a value."""
    decade = 10.0 ** math.floor(math.log10(value))
    found = [factor * decade for factor in (0.5, *_FACTORS) if factor * decade < value * (1 - 1e-9)]
    return max(found)


def _above(value: float) -> float:
    """Smallest of them above a value."""
    decade = 10.0 ** math.floor(math.log10(value))
    return min(factor * decade for factor in (*_FACTORS, 10.0) if factor * decade > value * (1 + 1e-9))


def _round_numbers(low: float, high: float) -> Iterator[float]:
    value = low
    while value < high * (1 + 1e-9):
        yield value
        value = _above(value)
