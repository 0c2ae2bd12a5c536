"""An open microphone under watch: whether it has ended, delivers nothing any more, or was put on another source."""

from typing import NamedTuple

from edge_asr.audio.opener import MicrophoneStream
from edge_asr.audio.vitals import Limits, Vitality, Vitals
from edge_asr.clock import NS_PER_S

_MOVED_CHECK_S = 5.0  # besides each event of the sound server
_FRESH_S = 1.0  # with a chunk not older than this the sound server may be asked, which may take its time


class Loss(NamedTuple):
    """Why it is to be closed: a label for the metrics, and one line."""

    label: str
    reason: str


class Signs(NamedTuple):
    """It is to be kept. due_s: in how many seconds it may be otherwise, None: it will not.

    fresh: the sound server may be asked. looked: it was asked just now where the microphone is.
    """

    vitality: Vitality
    due_s: float | None
    fresh: bool
    looked: bool


class StreamWatch:
    """Watches one opening after another. The capture thread's; `streams_changed` is for any."""

    def __init__(self, limits: Limits, now_ns: int) -> None:
        self._limits = limits
        self._vitals = Vitals(now_ns)
        self._streams_changed = False
        self._moved_check_ns = 0

    def streams_changed(self) -> None:
        """The sound system has news: ask it at the next look where the microphone is."""
        self._streams_changed = True

    def opening(self, now_ns: int) -> Vitals:
        """It is being opened. Returns what is to take its chunks."""
        self._streams_changed = False
        return Vitals(now_ns)

    def opened(self, vitals: Vitals, now_ns: int) -> None:
        """It is open, and what counts from now on are these signs of life."""
        self._vitals = vitals
        self._moved_check_ns = now_ns
        vitals.opened(now_ns)

    def stood_still(self, until_ns: int) -> None:
        """The process was not there to take anything."""
        self._vitals.stood_still(until_ns)

    def look(self, stream: MicrophoneStream, name: str, now_ns: int) -> Loss | Signs:
        """How it is at `now_ns`. `name` is for the reason."""
        if not stream.active:
            ended = f"the stream of '{name}' was ended by the sound system; reopening it"
            return Loss("ended", stream.why_ended or ended)
        verdict = self._vitals.judge(self._limits, now_ns)
        if verdict.vitality == "gone":
            least_s = 0.0 if stream.last_chunk_ns is not None else self._limits.first_chunk_s
            limit_s = max(least_s, self._limits.no_chunk_s)
            return Loss("no_chunks", f"'{name}' has delivered nothing for {limit_s:g} s; reopening it")
        fresh = self._vitals.age_s(now_ns) < _FRESH_S  # else all questions wait: a silent server would hold the news up
        look = fresh and (self._streams_changed or now_ns - self._moved_check_ns > _MOVED_CHECK_S * NS_PER_S)
        if look:
            self._streams_changed = False
            self._moved_check_ns = now_ns
            other = stream.moved_to()
            if other is not None:
                return Loss("moved", f"'{name}' went away; the sound server's substitute '{other}' is not listened to")
        return Signs(verdict.vitality, verdict.due_s, fresh, look)
