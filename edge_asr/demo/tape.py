"""Plays one recording after the other into the virtual microphone, each when the one before has been answered."""

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from edge_asr.clock import NS_PER_S, Clock
from edge_asr.events import Event, FinalEvent, PartialEvent, SpeechEndedEvent, SpeechStartedEvent

_PAUSE_NS = 1 * NS_PER_S  # between two sentences
_ANSWER_NS = 15 * NS_PER_S  # a sentence that has no final by then gets none
_ROUND_PAUSE_NS = 20 * NS_PER_S


class Tape:
    """A state machine: call `hear` with each event and `advance` some ten times a second. One thread.

    play: starts playing a file in real time; the process it returns ends with the file.
    """

    def __init__(
        self, files: Sequence[Path], play: Callable[[Path], "subprocess.Popen[bytes]"], clock: Clock, *, once: bool
    ) -> None:
        self._files = files
        self._play = play
        self._clock = clock
        self._once = once
        self._next = 0
        self._player: subprocess.Popen[bytes] | None = None
        self._not_before_ns = 0
        self._ended_ns: int | None = None  # the player has ended and the answer has not come yet
        self._open: set[str] = set()  # segments that have begun and have no final
        self._finals = 0
        self.unanswered: list[Path] = []
        self.refused: Path | None = None  # a file that the player could not play

    @property
    def done(self) -> bool:
        """Everything was played once and answered, or never will be; without `once` it is never done."""
        idle = self._player is None and self._ended_ns is None
        return self.refused is not None or (self._once and self._next == len(self._files) and idle)

    def hear(self, event: Event) -> None:
        """Take an event of the daemon that listens to the tape."""
        if isinstance(event, SpeechStartedEvent | PartialEvent):
            self._open.add(event.segment_id)
        elif isinstance(event, FinalEvent):
            self._open.discard(event.segment_id)
            self._finals += bool(event.text)
        elif isinstance(event, SpeechEndedEvent) and event.words == 0:
            self._open.discard(event.segment_id)

    def advance(self) -> None:
        """Start what is to be started now."""
        now_ns = self._clock.monotonic_ns()
        if self._player is not None:
            self._watch_player(self._player, now_ns)
        elif self._ended_ns is not None:
            self._wait_for_answer(self._ended_ns, now_ns)
        elif not self.done and now_ns >= self._not_before_ns:
            self._start_next()

    def _start_next(self) -> None:
        self._next %= len(self._files)
        self._finals = 0
        self._open.clear()
        self._player = self._play(self._files[self._next])
        self._next += 1

    def _watch_player(self, player: "subprocess.Popen[bytes]", now_ns: int) -> None:
        code = player.poll()
        if code is None:
            return
        self._player, self._ended_ns = None, now_ns
        if code != 0:
            self.refused = self._files[self._next - 1]

    def _wait_for_answer(self, ended_ns: int, now_ns: int) -> None:
        answered = self._finals > 0 and not self._open
        if now_ns < ended_ns + (_PAUSE_NS if answered else _ANSWER_NS):
            return
        if not answered:
            self.unanswered.append(self._files[self._next - 1])
        self._ended_ns = None
        self._not_before_ns = now_ns + (_ROUND_PAUSE_NS if self._next == len(self._files) else 0)
