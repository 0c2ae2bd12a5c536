"""How long ours and peers let a listener wait, on the same sentences played into the same microphone.

All are timed from the sound itself, which a second listener hears: first text from the beginning of the first sound
that is long enough for a word, final text from the end of the last. A level of the sentence's own file tells sound from
silence, so the silence around it is no speech, nor is a click at its end.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from tqdm import tqdm

from edge_asr.bench.ear import Ear
from edge_asr.bench.onset import sound_level
from edge_asr.bench.saying import Hearer, Saying
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.errors import EdgeAsrError

_POLL_S = 0.02
_SETTLE_NS = NS_PER_S  # a microphone that was just opened is heard for so long before a sentence
_SOUND_NS = NS_PER_S // 2  # after the player's end all of the sound has been heard
_PAUSE_NS = 2 * NS_PER_S  # in silence: who has its final by then and nothing open has said everything
_ANSWER_NS = 20 * NS_PER_S  # a sentence that has no final by then gets none


@dataclass(frozen=True, slots=True)
class Wait:
    """Milliseconds that one hearer took for one sentence. None where it said nothing, or was done before the end."""

    file: str
    first_ms: float | None
    final_ms: float | None
    too_early: bool = False  # its last final came before the end: it heard only a part
    decided_ms: float | None = None  # from its own decision that the speech was over to that final


@dataclass(frozen=True, slots=True)
class Beside:
    """Waits by hearer, ours first. together: whether they heard at the same time, or took turns."""

    waits: dict[str, list[Wait]]
    together: bool


class Heed:
    """Takes what one hearer says of one sentence."""

    def __init__(self) -> None:
        self._texts: list[int] = []
        self._finals: list[Saying] = []
        self._open: set[str] = set()

    def take(self, saying: Saying) -> None:
        """It has said something."""
        if saying.kind == "final":
            self._open.discard(saying.segment)
        else:
            self._open.add(saying.segment)
        if saying.has_text:
            self._texts.append(saying.at_ns)
            if saying.kind == "final":
                self._finals.append(saying)

    def answered(self, end_ns: int) -> bool:
        """Nothing is open, and it has a final since the end: one before it may be of a part, while it is behind."""
        last = self._last_final(end_ns)
        return not self._open and last is not None and last.at_ns >= end_ns

    def wait(self, file: str, began_ns: int, end_ns: int) -> Wait:
        """Times against the beginning and the end of the sound."""
        first = [at_ns for at_ns in self._texts if at_ns > began_ns]
        last = self._last_final(end_ns)
        too_early = last is not None and last.at_ns < end_ns
        return Wait(
            file,
            (first[0] - began_ns) / 1e6 if first else None,
            None if last is None or too_early else (last.at_ns - end_ns) / 1e6,
            too_early,
            None if last is None or too_early else last.decided_ms,
        )

    def _last_final(self, end_ns: int) -> Saying | None:
        """A segment that it places after the end was invented there: its final is not this sentence's."""
        finals = [saying for saying in self._finals if saying.began_ns < end_ns]
        return max(finals, key=lambda saying: saying.at_ns, default=None)


@dataclass(slots=True)
class Playing:
    """Plays one sentence to some hearers and waits for what they say."""

    play: Callable[[Path], "Popen[bytes]"]
    ear: Ear
    clock: Clock
    levels: dict[Path, float] = field(default_factory=dict)

    def turn(self, path: Path, hearers: Sequence[Hearer]) -> dict[str, Wait]:
        """One wait for each of them. Raises EdgeAsrError."""
        level = self.levels.setdefault(path, sound_level(path, self.clock))
        for hearer in hearers:
            hearer.begin()
        heeds = {hearer.name: Heed() for hearer in hearers}
        settled_ns = self.clock.monotonic_ns() + _SETTLE_NS
        while self.clock.monotonic_ns() < settled_ns:  # what they say of silence is not heeded
            for _ in _said(hearers):
                pass
        self.ear.mark()
        ended_ns = self._play(path, hearers, heeds)
        if self.ear.forgetful:
            raise EdgeAsrError(f"'{path}' is longer than the second listener remembers; give recordings below 50 s")
        speech_ns = self.ear.speech_ns(level)
        if speech_ns is None:
            raise EdgeAsrError(f"'{path}' was played and no speech was heard; give a recording with speech in it")
        self._wait(hearers, heeds, ended_ns, speech_ns[1])
        for hearer in hearers:
            hearer.end()
        return {name: heed.wait(path.name, *speech_ns) for name, heed in heeds.items()}

    def _play(self, path: Path, hearers: Sequence[Hearer], heeds: dict[str, Heed]) -> int:
        """Play it to the end, and a little longer; when that was."""
        player = self.play(path)
        ended_ns: int | None = None
        while ended_ns is None or self.clock.monotonic_ns() < ended_ns + _SOUND_NS:
            _heed(hearers, heeds)
            if ended_ns is None and (code := player.poll()) is not None:
                if code != 0:
                    raise EdgeAsrError(f"'{path}' cannot be played into the virtual microphone; give WAV or FLAC")
                ended_ns = self.clock.monotonic_ns()
        return ended_ns

    def _wait(self, hearers: Sequence[Hearer], heeds: dict[str, Heed], ended_ns: int, end_ns: int) -> None:
        while (now_ns := self.clock.monotonic_ns()) < ended_ns + _ANSWER_NS:
            _heed(hearers, heeds)
            if now_ns > ended_ns + _PAUSE_NS and all(heed.answered(end_ns) for heed in heeds.values()):
                return


def measure(
    playing: Playing, hearers: Sequence[Hearer], files: Sequence[Path], repeat: int, *, together: bool
) -> Beside:
    """Play the files `repeat` times. together: to all at once, else each sentence to one after the other."""
    groups = [list(hearers)] if together else [[hearer] for hearer in hearers]
    for hearer in hearers:
        hearer.begin()
        hearer.end()
    waits: dict[str, list[Wait]] = {hearer.name: [] for hearer in hearers}
    bar = tqdm(total=repeat * len(files) * len(groups), desc="sentences", unit="", disable=None, leave=False)
    with bar:
        for path in [*files] * repeat:
            for group in groups:
                for name, wait in playing.turn(path, group).items():
                    waits[name].append(wait)
                bar.update()
    return Beside(waits, together)


def _heed(hearers: Sequence[Hearer], heeds: dict[str, Heed]) -> None:
    for name, saying in _said(hearers):
        heeds[name].take(saying)


def _said(hearers: Sequence[Hearer]) -> Iterator[tuple[str, Saying]]:
    """What they say now, after a short wait for the first of them."""
    for number, hearer in enumerate(hearers):
        wait_s = 0.0 if number else _POLL_S
        while (saying := hearer.next(wait_s)) is not None:
            yield hearer.name, saying
            wait_s = 0.0
