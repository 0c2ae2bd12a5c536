"""Order of start and stop, and what the watchdog is told."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_asr.audio.ring import Ring
from edge_asr.audio.source import CaptureState
from edge_asr.control_file import ControlFile
from edge_asr.controls import ControlValues
from edge_asr.events import ErrorEvent
from edge_asr.liveness import Liveness
from edge_asr.metrics import Metrics
from edge_asr.report import Reporter
from edge_asr.status_line import StatusLine
from edge_asr.steering import Steering
from edge_asr.supervisor import StopRequest, Supervisor
from tests.fakes import HandClock, ListSink, StillModels
from tests.supervised import CONFIGURED, Diary, FakeBrain, FakeEars, answers, controls, supervise, supervised


def test_rooms_start_in_order_and_stop_ears_first() -> None:
    code, lines = supervise()
    assert code == 0
    assert lines == [
        "sink starts", "brain starts", "ears start", "ready", "watchdog", "watchdog",
        "stopping", "ears stop", "brain stops", "sink stops",
    ]  # fmt: skip


@pytest.mark.parametrize(("well", "beat_s"), [(False, 0.0), (True, 30.0)])
def test_a_stuck_brain_or_dead_ears_starve_the_watchdog(well: bool, beat_s: float) -> None:
    code, lines = supervise(well, beat_s)
    assert code == 1
    assert "watchdog" not in lines


@pytest.mark.parametrize(
    ("well", "beat_s", "faults"),
    [
        (True, 0.0, ()),
        (False, 30.0, ("the recognizer has not come round for 30 s", "the capture of the microphone hangs")),
    ],
)
def test_who_asks_is_told_what_the_watchdog_is(well: bool, beat_s: float, faults: tuple[str, ...]) -> None:
    stop, clock = StopRequest(), HandClock()
    diary, liveness = Diary(stop, 1), Liveness(clock)
    ears, brain = FakeEars(diary, well), FakeBrain(diary, beat_s)
    steering = Steering(ears, brain, StillModels(), controls(), answers())
    Supervisor(ears, Ring(1.0, Metrics()), brain, [], stop, steering, (), clock, diary, liveness).run()
    assert liveness.faults() == faults


def test_states_reach_sinks_and_systemd() -> None:
    diary, sink = Diary(StopRequest(), 1), ListSink()
    reporter = Reporter([sink], StatusLine(diary), HandClock(), "en", "tiny")
    reporter.capture_changed(CaptureState("starting", "auto", "looking for the microphone"))
    reporter.capture_changed(CaptureState("healthy", "Kitchen mic", ""))
    reporter.capture_changed(CaptureState("lost", "Kitchen mic", "unplugged; waiting for it"))
    reporter.capture_changed(CaptureState("muted", "Kitchen mic", "the microphone is closed"))
    reporter.capture_changed(CaptureState("stopped", "Kitchen mic", ""))
    assert [(state.state, state.microphone, state.model) for state in sink.states] == [
        ("starting", "", "tiny"),
        ("listening", "Kitchen mic", "tiny"),
        ("degraded", "", "tiny"),
        ("muted", "", "tiny"),
        ("stopping", "", "tiny"),
    ]
    assert sink.states[2].reason == "unplugged; waiting for it"
    assert "status degraded: unplugged; waiting for it" in diary.lines


def test_mute_stops_the_brain_before_the_ears_and_listens_again() -> None:
    stop, wishes = StopRequest(), controls()
    diary = Diary(stop, 4)

    class Fingers(FakeBrain):
        def beat_age_s(self) -> float:
            wishes.signalled(signal.SIGUSR1 if diary.turns > 2 else signal.SIGUSR2)
            return 0.0

    brain = Fingers(diary, 0.0)
    supervised(
        FakeEars(diary, True), Ring(1.0, Metrics()), brain, [], stop, wishes, answers(), HandClock(), diary
    ).run()
    acted = [line for line in diary.lines if "pause" in line or "resume" in line or "muted" in line]
    assert acted == ["brain muted True", "ears pause", "brain muted False", "ears resume"]


def test_who_is_muted_while_the_model_loads_never_opens_the_microphone() -> None:
    stop, wishes = StopRequest(), controls()
    diary = Diary(stop, 1)
    wishes.signalled(signal.SIGUSR1)
    ears, brain = FakeEars(diary, True), FakeBrain(diary, 0.0)
    supervised(ears, Ring(1.0, Metrics()), brain, [], stop, wishes, answers(), HandClock(), diary).run()
    lines = diary.lines
    assert lines.index("brain muted True") < lines.index("ears pause") < lines.index("ears start")
    assert lines.count("ears pause") == 1


def test_rooms_that_use_up_all_their_time_still_end_within_the_promise() -> None:
    stop, clock = StopRequest(), HandClock()
    diary = Diary(stop, 1)
    given_s: list[float] = []

    class SlowEars(FakeEars):
        def stop(self, deadline_s: float) -> None:
            clock.advance_s(deadline_s)

    class SlowBrain(FakeBrain):
        def stop(self, deadline_s: float) -> bool:
            clock.advance_s(deadline_s)
            return False

    class SlowMouth(ListSink):
        def stop(self, deadline_s: float) -> None:
            given_s.append(deadline_s)
            clock.advance_s(deadline_s)

    began_ns = clock.ns
    mouths = [SlowMouth(), SlowMouth()]
    supervised(SlowEars(diary, True), Ring(1.0, Metrics()), SlowBrain(diary, 0.0), mouths, stop, controls(), answers(),
               clock, diary).run()  # fmt: skip
    assert given_s[0] >= 0.5  # what the brain just said needs its time on the way
    assert given_s[1] > 0
    assert (clock.ns - began_ns) / 1e9 <= 2.4  # of 3 s: the signal is seen up to 0.2 s late, and a process takes to go


@pytest.mark.parametrize(("finished", "loads"), [(True, False), (False, False), (True, True)])
def test_whoever_still_computes_at_the_end_is_left_behind(finished: bool, loads: bool) -> None:
    stop, models = StopRequest(), StillModels()
    diary = Diary(stop, 1)
    models.loads = loads

    class Stuck(FakeBrain):
        def stop(self, deadline_s: float) -> bool:
            assert deadline_s > 0
            return finished

    house = supervised(FakeEars(diary, True), Ring(1.0, Metrics()), Stuck(diary, 0.0), [], stop, controls(), answers(),
                       HandClock(), diary, models)  # fmt: skip
    assert house.run() == 0
    assert models.closed
    assert house.left_behind is (loads or not finished)


@pytest.mark.parametrize("quiet", [True, False])
def test_a_guest_that_is_still_heard_at_the_end_is_left_behind(quiet: bool) -> None:
    stop = StopRequest()
    diary = Diary(stop, 1)
    ears, brain = FakeEars(diary, True), FakeBrain(diary, 0.0)
    waited_s: list[float] = []

    def ask(wait_s: float) -> bool:
        waited_s.append(wait_s)
        return quiet

    steering = Steering(ears, brain, StillModels(), controls(), answers())
    clock = HandClock()
    house = Supervisor(ears, Ring(1.0, Metrics()), brain, [], stop, steering, (), clock, diary, Liveness(clock), [ask])
    assert house.run() == 0
    assert house.left_behind is not quiet
    assert 0 <= waited_s[0] < 3


def test_a_command_and_a_signal_are_the_same_mute_and_both_are_answered(tmp_path: Path) -> None:
    stop, wishes, sink = StopRequest(), controls(), ListSink()
    diary = Diary(stop, 6)
    script: Iterator[Callable[[], None]] = iter(
        [
            lambda: wishes.command("mute", b"ON", retained=False),
            lambda: wishes.signalled(signal.SIGUSR2),
            lambda: wishes.signalled(signal.SIGUSR1),
            lambda: wishes.command("mute", b"OFF", retained=False),
            lambda: wishes.command("sensitivity", b"80", retained=False),
            lambda: wishes.command("sensitivity", b"much", retained=False),
        ]
    )

    class Fingers(FakeBrain):
        def beat_age_s(self) -> float:
            next(script)()
            return 0.0

    ears, brain = FakeEars(diary, True), Fingers(diary, 0.0)
    ring = Ring(1.0, Metrics())
    supervised(ears, ring, brain, [], stop, wishes, answers([sink], tmp_path), HandClock(), diary).run()
    acted = [line.split(" ", 1)[1] for line in diary.lines if line.startswith("ears ")]
    assert acted == ["start", "pause", "resume", "pause", "resume", "stop"]
    assert [values.mute for values in sink.answers] == [False, True, False, True, False, False]
    assert sink.answers[-1].sensitivity == 80
    assert diary.lines.count("brain's sensitivity 80") == 1
    assert ControlFile(tmp_path / "controls.json", CONFIGURED).load() == ControlValues(mute=False, sensitivity=80)


def test_a_command_that_is_not_understood_is_one_error_event() -> None:
    stop, wishes, sink = StopRequest(), controls(), ListSink()
    wishes.command("sensitivity", b"much", retained=False)
    diary = Diary(stop, 2)
    told = answers([sink])
    supervised(
        FakeEars(diary, True), Ring(1.0, Metrics()), FakeBrain(diary, 0.0), [], stop, wishes, told, HandClock(), diary
    ).run()
    [event] = sink.events
    assert isinstance(event, ErrorEvent)
    assert event.message.startswith("sensitivity/set: 'much' is refused, expected a whole number from 0 to 100")
    assert sink.answers == [CONFIGURED]
    assert not [line for line in diary.lines if "sensitivity" in line]


def test_who_was_mute_before_the_restart_is_mute_and_the_microphone_stays_closed() -> None:
    stop, sink = StopRequest(), ListSink()
    diary = Diary(stop, 1)
    kept = ControlValues(mute=True, sensitivity=30)
    supervised(FakeEars(diary, True), Ring(1.0, Metrics()), FakeBrain(diary, 0.0), [], stop, controls(kept),
               answers([sink]), HandClock(), diary).run()  # fmt: skip
    lines = diary.lines
    assert lines.index("brain muted True") < lines.index("ears pause") < lines.index("ears start")
    assert "brain's sensitivity 30" in lines
    assert sink.answers == [kept]


def test_a_mute_right_before_the_stop_holds_for_the_next_start(tmp_path: Path) -> None:
    stop, wishes = StopRequest(), controls()

    class LastWord(Diary):
        def watchdog(self) -> None:
            wishes.signalled(signal.SIGUSR1)  # after the last look at the wishes
            super().watchdog()

    diary = LastWord(stop, 1)
    supervised(FakeEars(diary, True), Ring(1.0, Metrics()), FakeBrain(diary, 0.0), [], stop, wishes,
               answers([], tmp_path), HandClock(), diary).run()  # fmt: skip
    assert diary.lines.index("brain muted True") < diary.lines.index("ears stop")
    assert ControlFile(tmp_path / "controls.json", CONFIGURED).load().mute
