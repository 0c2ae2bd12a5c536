"""From heat and lag to what is given up, and who is told; with the real worker and a sensor moved by hand."""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from edge_asr.config import LadderConfig
from edge_asr.events import LadderEvent
from edge_asr.ladder import Relief
from edge_asr.metrics import Metrics
from edge_asr.relief import Reliever
from edge_asr.second_pass import SecondPass
from edge_asr.second_pass_worker import SecondPassWorker
from edge_asr.thermal import Heat
from tests.fakes import HandClock, ListSink, hush, tone
from tests.rescorers import ScriptedRescorer
from tests.waiting import wait_until
from tests.worker_house import House

RULES = LadderConfig(step_down_s=2.0, step_up_s=5.0, lag_persists_s=3.0, lag_window_s=10.0)


class Room:
    """Sensor, brain and models at once; time is moved by hand."""

    def __init__(self, rules: LadderConfig = RULES, metrics: Metrics | None = None, house: House | None = None) -> None:
        self.clock = house.clock if house else HandClock()
        self.metrics, self.sink = metrics or Metrics(), ListSink()
        self.heat, self.late, self.possible = Heat(50.0, None), False, False
        self.looks = 0
        self.reliefs: list[Relief] = []
        self.stood_in: list[bool] = []
        brain = house.worker.overload if house else self
        self.reliever = Reliever(rules, self, brain, self, [self.sink], "k1", self.metrics, self.clock)

    def look(self) -> Heat:
        self.looks += 1
        return self.heat

    def relieve(self, relief: Relief) -> None:
        self.reliefs.append(relief)

    def stand_in(self, *, on: bool) -> None:
        self.stood_in.append(on)

    def go(self, seconds: float) -> None:
        for _ in range(round(seconds * 5)):
            self.clock.advance_s(0.2)
            self.reliever.look()

    def events(self) -> list[LadderEvent]:
        return [event for event in self.sink.events if isinstance(event, LadderEvent)]

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"edge_asr_{name}", labels)


def test_everybody_is_told_of_each_step_down_and_up() -> None:
    room = Room()
    room.possible = True
    room.heat = Heat(86.4, None)
    room.go(20)
    assert room.value("ladder_rung") == 3
    assert room.value("temperature_celsius") == 86.4
    room.heat = Heat(60.0, False)
    room.go(30)
    down, up = room.events()[:3], room.events()[3:]
    assert [event.message for event in down] == [
        "the machine is hot (86 °C): no partials",
        "the machine is hot (86 °C): no partials and no second pass",
        "the machine is hot (86 °C): no partials, no second pass, and a smaller model listens",
    ]
    assert [(event.rung, event.cause) for event in up] == [
        ("no_second_pass", "heat"),
        ("no_partials", "heat"),
        ("all", None),
    ]
    assert up[-1].message == "partials are back, nothing is given up any more (60 °C)"
    assert [(report.rung, report.cause) for report in room.sink.rungs] == [
        ("all", None),
        *((event.rung, event.cause) for event in room.events()),
    ]
    assert [int(relief.rung) for relief in room.reliefs] == [1, 2, 3, 2, 1, 0]
    assert room.stood_in == [True, False]
    assert room.value("ladder_steps_total", direction="down", cause="heat") == 3
    assert room.value("ladder_steps_total", direction="up", cause="heat") == 3
    assert room.value("ladder_rung") == 0
    assert room.value("events_total", event_type="ladder") == 6


def test_lag_and_the_firmware_have_words_of_their_own() -> None:
    room = Room()
    room.late = True
    room.go(5)
    room.late = False
    room.go(10)
    room.heat = Heat(55.0, True)
    room.go(4)
    said = [event.message for event in room.events()]
    assert said[0] == "recognition stays behind (50 °C): no partials"
    assert said[-1] == "the firmware slows the processor down (55 °C): no partials"


def test_it_looks_once_a_second() -> None:
    room = Room()
    room.go(10)
    assert room.looks == 10


def test_switched_off_it_looks_at_nothing_and_takes_back_what_was_told_before() -> None:
    room = Room(LadderConfig(enabled=False))
    room.heat = Heat(120.0, True)
    room.go(100)
    assert (room.looks, room.events(), room.reliefs) == (0, [], [])
    assert [report.rung for report in room.sink.rungs] == ["all"]


def test_a_temperature_that_is_not_known_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    room = Room()
    for heat in (Heat(None, None), Heat(50.0, None), Heat(None, None)):
        room.heat = heat
        room.go(3)
    assert math.isnan(room.value("temperature_celsius") or 0.0)
    [message] = [record.message for record in caplog.records if "unknown" in record.message]
    assert message.endswith("/sys/class/thermal/thermal_zone*/temp names no file that can be read")
    assert room.events() == []


@pytest.fixture
def house() -> Iterator[House]:
    with House() as made:
        rewriter = SecondPassWorker(SecondPass(ScriptedRescorer(), 10.0), 4.0, made.clock, made.metrics)
        made.worker._second_pass = rewriter
        made.worker.start()
        yield made


def test_the_worker_gives_up_partials_then_the_second_pass_and_takes_them_up_again(house: House) -> None:
    room = Room(metrics=house.metrics, house=house)
    utterance = np.concatenate([hush(1), tone(1), hush(1)])

    def said() -> tuple[bool, int]:
        before, partials = len(house.finals()), house.count("events", event_type="partial")
        house.hear(utterance)
        wait_until(lambda: len(house.finals()) > before, 5.0, "the final")
        return house.count("events", event_type="partial") > partials, house.finals()[-1].pass_no

    assert said() == (True, 2)
    room.heat = Heat(90.0, None)
    room.go(3.2)
    assert said() == (False, 2)
    room.go(4)
    assert said() == (False, 1)
    assert house.count("second_pass_skipped", reason="heat") == 1
    room.heat = Heat(60.0, None)
    room.go(6.2)
    assert said() == (False, 2)
    room.go(6)
    assert said() == (True, 2)
    assert house.count("audio_dropped_seconds", reason="lag") == 0


def test_lag_of_the_worker_is_what_presses(house: House) -> None:
    room = Room(metrics=house.metrics, house=house)
    for _ in range(8):
        house.hear(hush(0.02), age_s=2.0)
        wait_until(lambda: house.worker.overload.late, 5.0, "the lag")
        room.go(1)
    assert room.events()[0].cause == "lag"
    wait_until(lambda: not house.worker.overload.late, 5.0, "quiet")  # of nothing there is no lag
    room.go(20)
    assert room.sink.rungs[-1].rung == "all"
