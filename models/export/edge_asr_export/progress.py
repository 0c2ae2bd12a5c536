"""How far a long job is: a bar on a terminal, plain lines elsewhere; always on standard error."""

import sys
from collections.abc import Mapping
from typing import Any, Protocol, TextIO

from tqdm import tqdm


class Progress(Protocol):
    """What a job says while it works."""

    def start(self, step: str) -> None:
        """A step begins; the one before it is done."""
        ...

    def advance(self, fraction: float) -> None:
        """The step is done to this part, 0..1."""
        ...

    def tick(self) -> None:
        """The step still works; nothing else is known."""
        ...

    def note(self, text: str) -> None:
        """Something that a person should know."""
        ...

    def close(self) -> None:
        """The job has ended, well or not."""
        ...


class StepBar:
    """Weighted steps as one bar. One thread."""

    def __init__(self, title: str, weights: Mapping[str, float], stream: TextIO | None = None) -> None:
        self._title = title
        self._weights = dict(weights)
        self._stream = sys.stderr if stream is None else stream
        self._step: str | None = None
        self._done = 0.0  # weight of the finished steps
        self._bar: Any = None
        if self._stream.isatty():
            layout = "{desc:<32} {bar} {percentage:3.0f}% {elapsed}"
            self._bar = tqdm(total=sum(weights.values()), bar_format=layout, file=self._stream, desc=title, leave=False)

    def start(self, step: str) -> None:
        """Begin a step; ValueError when it has no weight."""
        number = list(self._weights).index(step) + 1
        if self._step is not None:
            self._done += self._weights[self._step]
        self._step = step
        if self._bar is None:
            print(f"{self._title}: {number}/{len(self._weights)} {step}", file=self._stream, flush=True)
        else:
            self._bar.set_description_str(f"{self._title}: {step}", refresh=False)
            self._show(0.0)

    def advance(self, fraction: float) -> None:
        """Show how much of the step is done."""
        if self._bar is not None and self._step is not None:
            self._show(min(max(fraction, 0.0), 1.0) * self._weights[self._step])

    def tick(self) -> None:
        """Keep the clock of the bar running."""
        if self._bar is not None:
            self._bar.refresh()

    def note(self, text: str) -> None:
        """Print a line beside the bar."""
        if self._bar is not None:
            self._bar.clear()
        print(f"{self._title}: {text}", file=self._stream, flush=True)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()

    def _show(self, weight: float) -> None:
        self._bar.n = self._done + weight
        self._bar.refresh()
