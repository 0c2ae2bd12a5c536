"""A supervisor with rooms that do as they are told, and a diary of what happens to them."""

import signal
from collections.abc import Sequence
from pathlib import Path

from edge_asr.answers import Answers
from edge_asr.audio.gain import GainNews
from edge_asr.audio.ring import Ring
from edge_asr.control_file import ControlFile
from edge_asr.controls import Controls, ControlValues
from edge_asr.load import Effort, LoadMeter
from edge_asr.loudness import Loudness
from edge_asr.metrics import Metrics
from edge_asr.steering import Steering
from edge_asr.supervisor import StopRequest, Supervisor
from edge_asr.systemd import Notifier
from tests import sample_events
from tests.fakes import HandClock, ListSink, StillModels


class Diary(Notifier):
    """Writes down what happens, in order; the stop comes after some watchdog turns."""

    def __init__(self, stop: StopRequest, turns: int) -> None:
        super().__init__({})
        self.lines: list[str] = []
        self.stop = stop
        self.turns = turns

    def ready(self) -> None:
        self.lines.append("ready")

    def stopping(self) -> None:
        self.lines.append("stopping")

    def status(self, text: str) -> None:
        self.lines.append(f"status {text}")

    def watchdog(self) -> None:
        self.lines.append("watchdog")
        self.turns -= 1
        if not self.turns:
            self.stop.signalled(signal.SIGTERM)


class FakeEars:
    """Well or not."""

    def __init__(self, diary: Diary, well: bool) -> None:
        self.diary, self.well = diary, well

    @property
    def healthy_or_backing_off(self) -> bool:
        if not self.well:
            self.diary.stop.fatal("the test has seen enough")
        return self.well

    def start(self) -> None:
        self.diary.lines.append("ears start")

    def pause(self) -> None:
        self.diary.lines.append("ears pause")

    def resume(self) -> None:
        self.diary.lines.append("ears resume")

    hears = True

    def set_gain(self, percent: int | None) -> None:
        self.diary.lines.append(f"ears' gain {percent}")

    def gain_news(self) -> GainNews:
        return GainNews(None, True, "")

    def stop(self, deadline_s: float) -> None:
        assert 0 < deadline_s < 3
        self.diary.lines.append("ears stop")


class FakeBrain:
    """Beats, or beat long ago."""

    def __init__(self, diary: Diary, beat_s: float) -> None:
        self.diary, self.beat_s = diary, beat_s

    def start(self) -> None:
        self.diary.lines.append("brain starts")

    def beat_age_s(self) -> float:
        if self.beat_s:
            self.diary.stop.fatal("the test has seen enough")
        return self.beat_s

    def mute(self, *, on: bool) -> None:
        self.diary.lines.append(f"brain muted {on}")

    listening_now = False

    def listen_now(self, seconds: float) -> None:
        self.diary.lines.append(f"brain listens for {seconds}")

    def set_sensitivity(self, sensitivity: int) -> None:
        self.diary.lines.append(f"brain's sensitivity {sensitivity}")

    def stop(self, deadline_s: float) -> bool:
        assert 0 < deadline_s < 3
        self.diary.lines.append("brain stops")
        return True


class Mouth(ListSink):
    def __init__(self, diary: Diary) -> None:
        super().__init__()
        self.diary = diary

    def start(self) -> None:
        self.diary.lines.append("sink starts")

    def stop(self, deadline_s: float) -> None:
        assert 0 < deadline_s < 3
        self.diary.lines.append("sink stops")


CONFIGURED = ControlValues(mute=False, sensitivity=50)


def controls(wanted: ControlValues = CONFIGURED) -> Controls:
    return Controls(CONFIGURED, wanted, Metrics())


def answers(sinks: Sequence[ListSink] = (), folder: Path = Path("/nonexistent")) -> Answers:
    return Answers(sinks, ControlFile(folder / "controls.json", CONFIGURED), sample_events.error, HandClock())


def supervised(
    ears: FakeEars,
    ring: Ring,
    brain: FakeBrain,
    sinks: Sequence[ListSink],
    stop: StopRequest,
    wishes: Controls,
    told: Answers,
    clock: HandClock,
    diary: Diary,
    models: StillModels | None = None,
) -> Supervisor:
    steering = Steering(ears, brain, models or StillModels(), wishes, told)
    meter = LoadMeter(lambda: Effort(0.0, 0.0, 0.0), sinks, clock)
    loudness = Loudness(0.0, sinks, clock, Metrics())
    looks = (meter.look, loudness.look)
    return Supervisor(ears, ring, brain, sinks, stop, steering, looks, clock, diary)


def supervise(well: bool = True, beat_s: float = 0.0, turns: int = 2) -> tuple[int, list[str]]:
    stop = StopRequest()
    diary = Diary(stop, turns)
    ears, brain = FakeEars(diary, well), FakeBrain(diary, beat_s)
    ring = Ring(1.0, Metrics())
    code = supervised(ears, ring, brain, [Mouth(diary)], stop, controls(), answers(), HandClock(), diary).run()
    assert ring.pop(0.0) is None
    return code, diary.lines
