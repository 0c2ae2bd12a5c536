"""What the daemon costs and says while nobody speaks: in silence, and in noise."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from edge_asr.bench.noise_loop import write_loop
from edge_asr.bench.process_usage import Usage, usage
from edge_asr.bench.scene import Scene
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.config import Config
from edge_asr.errors import EdgeAsrError
from edge_asr.events import Event, FinalEvent, PartialEvent

SILENCE = "silence"
_SETTLE_S = 3.0  # the noise begins, and loading the model is over
_TAIL_S = 10.0  # the noise outlasts the measurement
_POLL_S = 0.1


@dataclass(slots=True)
class Quiet:
    """One case. Words of partials are counted in every partial anew, as a subscriber sees them.

    Events count from the beginning of the sound, 3 s before CPU and time do: what its beginning sets off is heard too.
    """

    sound: str
    seconds: float = 0.0
    cpu_s: float = 0.0
    resident_mib: float = 0.0
    peak_mib: float = 0.0
    partial_words: int = 0
    final_words: int = 0
    events: Counter[str] = field(default_factory=Counter)

    @property
    def cpu_share(self) -> float:
        """CPU seconds for each second of the clock; 1.0 is one core."""
        return self.cpu_s / self.seconds if self.seconds else 0.0

    def take(self, event: Event) -> None:
        """Count an event."""
        self.events[str(event.__struct_config__.tag)] += 1
        if isinstance(event, PartialEvent):
            self.partial_words += len(event.text.split())
        elif isinstance(event, FinalEvent):
            self.final_words += len(event.text.split())


@dataclass(slots=True)
class _Case:
    quiet: Quiet
    scene: Scene
    before: Usage | None = None
    began_ns: int = 0


def measure(
    config: Config, words: Sequence[str], seconds: float, noise: Path | None, clock: Clock, *, together: bool
) -> list[Quiet]:
    """Silence, and noise when there is one. together: at the same time, each with a daemon of its own.

    Raises EdgeAsrError, AudioFileError before anything starts.
    """
    with tempfile.TemporaryDirectory(prefix="edge-asr-noise-") as folder:
        sounds: list[tuple[str, Path | None]] = [(SILENCE, None)]
        if noise is not None:
            loop = Path(folder) / "loop.wav"
            write_loop(noise, loop, seconds + _SETTLE_S + _TAIL_S, clock)
            sounds.append((noise.name, loop))
        rounds = [sounds] if together else [[sound] for sound in sounds]
        return [quiet for group in rounds for quiet in _measure(group, config, words, seconds, clock)]


def _measure(
    sounds: Sequence[tuple[str, Path | None]], config: Config, words: Sequence[str], seconds: float, clock: Clock
) -> list[Quiet]:
    with ExitStack() as stack:
        cases = [_Case(Quiet(name), stack.enter_context(Scene(config, words, clock))) for name, _ in sounds]
        players = [case.scene.play(path) for case, (_, path) in zip(cases, sounds, strict=True) if path is not None]
        _watch(cases, _SETTLE_S, clock, title=None)
        for case in cases:
            case.before, case.began_ns = usage(case.scene.daemon_pid), clock.monotonic_ns()
        _watch(cases, seconds, clock, title=" and ".join(case.quiet.sound for case in cases))
        for case in cases:
            _close(case, clock)
        if any(player.poll() is not None for player in players):
            raise EdgeAsrError("the noise stopped playing before the end; the figures are void")
    return [case.quiet for case in cases]


def _watch(cases: Sequence[_Case], seconds: float, clock: Clock, title: str | None) -> None:
    """Take all events for so long."""
    began_ns = clock.monotonic_ns()
    layout = "{desc} {bar} {n:.0f} of {total:.0f} s"
    with tqdm(total=seconds, desc=title, bar_format=layout, disable=None if title else True, leave=False) as bar:
        while (passed_s := (clock.monotonic_ns() - began_ns) / NS_PER_S) < seconds:
            bar.update(passed_s - bar.n)
            for case in cases:
                event = case.scene.next(_POLL_S / len(cases))
                if event is not None:
                    case.quiet.take(event)


def _close(case: _Case, clock: Clock) -> None:
    assert case.before is not None  # noqa: S101 - narrows the type; it was taken before the watch
    after = usage(case.scene.daemon_pid)
    quiet = case.quiet
    quiet.seconds = (clock.monotonic_ns() - case.began_ns) / NS_PER_S
    quiet.cpu_s = after.cpu_s - case.before.cpu_s
    quiet.resident_mib, quiet.peak_mib = after.resident_mib, after.peak_mib
