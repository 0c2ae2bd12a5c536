"""What was said of every segment, and whether that is a consistent story."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from edge_asr.events import Event, FinalEvent, PartialEvent, SpeechEndedEvent, SpeechStartedEvent
from tests.fakes import ListSink


@dataclass
class Story:
    """One segment."""

    started: int = 0
    partials: int = 0
    words_shown: bool = False
    finals: int = 0
    ended: int = 0
    words: int = 0
    reason: str = ""


@dataclass
class Ledger(ListSink):
    """A sink that keeps no event, only what is needed to judge: a day has many."""

    stories: dict[str, Story] = field(default_factory=dict)  # those that are not over
    counts: Counter[str] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def emit(self, event: Event) -> None:
        self.counts[str(event.__struct_config__.tag)] += 1
        if not isinstance(event, SpeechStartedEvent | PartialEvent | FinalEvent | SpeechEndedEvent):
            return
        segment_id = event.segment_id
        story = self.stories.setdefault(segment_id, Story())
        if isinstance(event, SpeechStartedEvent):
            story.started += 1
        elif isinstance(event, PartialEvent):
            story.partials += 1
            if story.ended or story.finals:
                self.breaches.append(f"{segment_id}: a partial after its end")
            story.words_shown = bool(event.text)
        elif isinstance(event, FinalEvent):
            story.finals += 1
            self.counts[f"pass {event.pass_no}"] += 1
            self.counts[f"ended by {event.end_reason}"] += 1
        elif isinstance(event, SpeechEndedEvent):
            story.ended += 1
            story.words, story.reason = event.words, event.end_reason
        self._settle(segment_id, story)

    def report(self, state: Any) -> None:
        self.counts[type(state).__name__] += 1

    def waiting(self) -> bool:
        """Whether a final is still to come. Any thread."""
        return any(story.ended and not story.finals for story in list(self.stories.values()))

    def close(self) -> None:
        """The day is over: what has not ended never will."""
        for segment_id, story in self.stories.items():
            if not story.ended:
                self.breaches.append(f"{segment_id} never ended: {story}")
            elif story.finals != 1 and (story.words or story.partials):
                self.breaches.append(f"{segment_id} has {story.finals} finals: {story}")

    def _settle(self, segment_id: str, story: Story) -> None:
        if story.started != 1:
            self.breaches.append(f"{segment_id} began {story.started} times")
        if story.finals > 1 or story.ended > 1:
            self.breaches.append(f"{segment_id} has {story.finals} finals and {story.ended} ends")
        silent = story.ended and not story.words and not story.partials
        if (story.ended and story.finals) or silent:
            self.counts["segments"] += 1
            self.counts["segments without a word"] += bool(silent)
            self.stories.pop(segment_id)
