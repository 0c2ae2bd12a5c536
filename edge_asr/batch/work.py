"""All recordings of one command: heard side by side, written or printed, told in the order in which they were named."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from edge_asr.batch.crew import Crew
from edge_asr.batch.finding import Found, Missed
from edge_asr.batch.forms import document
from edge_asr.batch.messages import Hear, Outcome, Progress
from edge_asr.batch.places import Places, write_whole
from edge_asr.batch.progress import BatchBar


class Task(NamedTuple):
    """A recording, or a name behind which there is none. `places`: empty when its text is to be printed."""

    what: Found | Missed
    places: Places


class Tally(NamedTuple):
    """What became of all: recordings heard, their seconds, failures."""

    heard: int
    audio_s: float
    failed: int


Show = Callable[[Found, Outcome], str]  # text to print of a recording, without its last line end


@dataclass(slots=True)
class Work:
    """What is to be done, and what has become of it. One thread."""

    tasks: Sequence[Task]
    show: Show
    bar: BatchBar
    heard: int = 0
    audio_s: float = 0.0
    failed: int = 0
    _told: int = 0
    _outcomes: dict[int, Outcome] = field(default_factory=dict)  # not told yet; texts only where they are printed

    def do(self, crew: Crew, numbers: Sequence[int]) -> None:
        """Take all news of the crew, whose recordings are the tasks of these numbers. Raises as `Crew.news` does."""
        known = set(numbers)
        for number, task in enumerate(self.tasks):
            if number not in known:
                self._outcomes[number] = Outcome(error=task.what.error if isinstance(task.what, Missed) else "")
        self._tell()
        for news in crew.news():
            number = numbers[news.number]
            if isinstance(news.what, Progress):
                self.bar.heard(news.number, news.what.audio_s)
                continue
            self.bar.heard(news.number, news.what.audio_s)
            self.bar.done(news.number)
            self._outcomes[number] = self._kept(self.tasks[number], news.what)
            self._tell()

    def tell_rest(self) -> None:
        """Tell what is done and was waiting for the ones before it: they will not come."""
        for number in sorted(self._outcomes):
            self._tell_one(number)

    def tally(self) -> Tally:
        """What has become of all that was told."""
        return Tally(self.heard, self.audio_s, self.failed)

    def _kept(self, task: Task, outcome: Outcome) -> Outcome:
        """The outcome, without its text once that is written."""
        if outcome.error or not task.places:
            return outcome
        for form, place in task.places.items():
            try:
                write_whole(place, document(outcome, form))
            except OSError as error:
                return Outcome(error=f"'{place}' cannot be written: {error.strerror}; check the folder and the disk")
        return Outcome(audio_s=outcome.audio_s, warning=outcome.warning)

    def _tell(self) -> None:
        while self._told in self._outcomes:
            self._tell_one(self._told)
            self._told += 1

    def _tell_one(self, number: int) -> None:
        task, outcome = self.tasks[number], self._outcomes.pop(number)
        if outcome.error:
            self.failed += 1
            self.bar.say(f"edge-asr: {outcome.error}", sys.stderr)
            return
        if isinstance(task.what, Missed):
            return
        if not task.places and (text := self.show(task.what, outcome)):
            self.bar.say(text, sys.stdout)
        if outcome.warning:
            self.bar.say(f"edge-asr: {outcome.warning}", sys.stderr)
        if outcome.audio_s:
            self.heard += 1
            self.audio_s += outcome.audio_s


def hears(tasks: Sequence[Task], numbers: Sequence[int], streams: Callable[[str], str]) -> list[Hear]:
    """What the crew is told of these tasks. streams: makes a stream's id of a name, another one each time."""
    return [
        Hear(str(what.path), streams(what.path.stem))
        for number in numbers
        if isinstance(what := tasks[number].what, Found)
    ]
