"""How long a subscriber waits: sentences played in real time into the real daemon, its events timed on arrival."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from subprocess import Popen

from tqdm import tqdm

from edge_asr.bench.onset import sound_level
from edge_asr.bench.scene import Scene
from edge_asr.clock import Clock
from edge_asr.demo.tape import Tape
from edge_asr.errors import EdgeAsrError
from edge_asr.events import Event, FinalEvent, PartialEvent

_POLL_S = 0.05


@dataclass(slots=True)
class Latencies:
    """Milliseconds, one value for each occurrence.

    partial_after_sound: a subscriber has the first partial - the sound of its sentence began, by a second listener on
    the same microphone. It knows nothing of the daemon. A soft first consonant, up to some 50 ms, does not count.
    partial_first_word, final_first_word: the events' own `first_token`, of the first partial (its first word, as the
    path then was) and of the final (the first word, aligned once more). finalization, decision: the final's own.
    transport: a subscriber has the event - its `emitted_at`, which is cut to whole milliseconds.
    """

    partial_after_sound: list[float] = field(default_factory=list)
    partial_first_word: list[float] = field(default_factory=list)
    final_first_word: list[float] = field(default_factory=list)
    decision: list[float] = field(default_factory=list)
    finalization: list[float] = field(default_factory=list)
    transport: list[float] = field(default_factory=list)
    sentences: int = 0
    unanswered: list[str] = field(default_factory=list)


class Stopwatch:
    """Takes what is played and what arrives. `onset_ns` tells when the sound of a sentence began. One thread."""

    def __init__(self, onset_ns: Callable[[Path], int | None], clock: Clock) -> None:
        self.latencies = Latencies()
        self._onset_ns = onset_ns
        self._clock = clock
        self._sentence: Path | None = None  # until it is answered

    def played(self, path: Path) -> None:
        """A sentence is going to be played."""
        self._sentence = path
        self.latencies.sentences += 1

    def received(self, event: Event) -> None:
        """An event has just arrived."""
        now_ns, now = self._clock.monotonic_ns(), self._clock.now()
        emitted = datetime.fromisoformat(event.emitted_at)
        self.latencies.transport.append((now - emitted).total_seconds() * 1000)
        if isinstance(event, PartialEvent) and event.revision == 1:
            _keep(self.latencies.partial_first_word, event.latency_ms.first_token)
            if self._sentence is not None and (sound_ns := self._onset_ns(self._sentence)) is not None:
                self.latencies.partial_after_sound.append((now_ns - sound_ns) / 1e6)
            self._sentence = None
        elif isinstance(event, FinalEvent) and event.text:
            self._sentence = None  # without a partial: what comes next does not answer this sound
            _keep(self.latencies.final_first_word, event.latency_ms.first_token if event.revision > 1 else None)
            _keep(self.latencies.decision, event.latency_ms.decision)
            _keep(self.latencies.finalization, event.latency_ms.finalization)


def measure(scene: Scene, files: Sequence[Path], repeat: int, clock: Clock) -> Latencies:
    """Play the files `repeat` times, each when the one before has been answered. Raises EdgeAsrError."""
    levels = {path: sound_level(path, clock) for path in files}
    bar = tqdm(total=repeat * len(files), desc="sentences", unit="", disable=None, leave=False)
    with bar, scene.listen() as ear:
        watch = Stopwatch(lambda path: ear.onset_ns(levels[path]), clock)

        def play(path: Path) -> "Popen[bytes]":
            watch.played(path)
            bar.update()
            ear.mark()
            return scene.play(path)

        tape = Tape([*files] * repeat, play, clock, once=True)
        while not tape.done:
            event = scene.next(_POLL_S)
            if event is not None:
                watch.received(event)
                tape.hear(event)
            tape.advance()
    if tape.refused is not None:
        raise EdgeAsrError(f"'{tape.refused}' cannot be played into the virtual microphone; give WAV or FLAC")
    watch.latencies.unanswered = [path.name for path in tape.unanswered]
    return watch.latencies


def _keep(values: list[float], value: float | None) -> None:
    if value is not None:
        values.append(value)
