"""The ladder as a pure function: one step at a time, each with its reason, and no way to make it flap."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.config import LadderConfig
from edge_asr.events import RungName
from edge_asr.ladder import NO_RELIEF, Reading, Relief, Rung, Stand, step

RULES = LadderConfig()  # 80 and 70 °C; 10 s down, 60 s up; late for 10 of 30 s
COOL, BETWEEN, HOT = 50.0, 75.0, 86.0


class Walk:
    """Readings a second apart, and when the ladder stepped where."""

    def __init__(self, deepest: Rung = Rung.NO_SECOND_PASS, rules: LadderConfig = RULES) -> None:
        self.deepest, self.rules = deepest, rules
        self.stand, self.now_s = Stand(), 1000.0
        self.steps: list[tuple[float, Relief]] = []

    def go(self, seconds: int, celsius: float | None = COOL, throttled: bool | None = None, late: bool = False) -> None:
        for _ in range(seconds):
            self.now_s += 1.0
            before = self.stand.relief
            self.stand = step(Reading(self.now_s, celsius, throttled, late), self.stand, self.rules, self.deepest)
            if self.stand.relief.rung != before.rung:
                self.steps.append((self.now_s - 1000.0, self.stand.relief))

    def rungs(self) -> list[tuple[float, int]]:
        return [(at_s, int(relief.rung)) for at_s, relief in self.steps]


def test_heat_goes_down_a_step_at_a_time_and_up_again_when_it_is_cool() -> None:
    walk = Walk(Rung.SMALL_MODEL)
    walk.go(100, HOT)
    assert walk.rungs() == [(11, 1), (21, 2), (31, 3)]
    assert {relief.cause for _, relief in walk.steps} == {"heat"}
    walk.go(300, BETWEEN)
    assert len(walk.steps) == 3
    walk.go(300, COOL)
    assert walk.rungs()[3:] == [(461, 2), (521, 1), (581, 0)]
    assert walk.stand.relief == NO_RELIEF


def test_without_a_smaller_model_it_ends_before_it() -> None:
    walk = Walk()
    walk.go(600, HOT)
    assert walk.stand.relief.rung is Rung.NO_SECOND_PASS


def test_what_was_the_last_rung_and_is_no_longer_there_is_left() -> None:
    walk = Walk(Rung.SMALL_MODEL)
    walk.go(40, HOT)
    walk.deepest = Rung.NO_SECOND_PASS
    walk.go(30, HOT)
    assert walk.rungs()[-1] == (41, 2)


def test_one_hot_reading_is_none() -> None:
    walk = Walk()
    for _ in range(50):
        walk.go(1, 140.0)
        walk.go(3, COOL)
    assert walk.steps == []


def test_the_firmware_s_word_is_heat_whatever_the_sensor_says() -> None:
    walk = Walk()
    walk.go(12, COOL, throttled=True)
    assert walk.steps == [(11, Relief(Rung.NO_PARTIALS, "heat"))]
    walk.go(60, None, throttled=False)
    assert walk.rungs() == [(11, 1)]
    walk.go(2, None, throttled=False)
    assert walk.rungs() == [(11, 1), (73, 0)]


def test_lag_that_stays_is_a_reason_and_a_moment_of_it_is_none() -> None:
    walk = Walk()
    for _ in range(20):
        walk.go(3, late=True)
        walk.go(9)
    walk.go(40)  # it was 9 of 30 s at most
    walk.go(25, late=True)
    assert walk.steps == [(290, Relief(Rung.NO_PARTIALS, "lag")), (300, Relief(Rung.NO_SECOND_PASS, "lag"))]


@pytest.mark.parametrize(("persists_s", "down_s", "second"), [(2.0, 12.0, 15), (20.0, 5.0, 41)])
def test_a_step_has_time_to_help_before_the_next_and_what_was_late_before_it_is_forgotten(
    persists_s: float, down_s: float, second: int
) -> None:
    walk = Walk(rules=LadderConfig(lag_persists_s=persists_s, lag_window_s=60.0, step_down_s=down_s))
    walk.go(60, late=True)
    assert walk.rungs() == [(persists_s + 1, 1), (second, 2)]


def test_after_lag_a_warm_machine_that_was_never_hot_goes_up_again() -> None:
    walk = Walk()
    walk.go(12, BETWEEN, late=True)
    assert walk.rungs() == [(11, 1)]
    walk.go(70, BETWEEN)
    assert walk.stand.relief == NO_RELIEF


def test_a_clock_that_stood_still_is_no_lag() -> None:
    """The machine slept for an hour between two late readings."""
    stand = step(Reading(0.0, None, None, late=True), Stand(), RULES, Rung.SMALL_MODEL)
    stand = step(Reading(3600.0, None, None, late=True), stand, RULES, Rung.SMALL_MODEL)
    assert stand.relief == NO_RELIEF


def test_a_machine_without_a_sensor_is_never_hot() -> None:
    walk = Walk()
    walk.go(600, None)
    assert walk.steps == []


def test_each_rung_has_its_name_on_the_wire() -> None:
    names: list[RungName] = ["all", "no_partials", "no_second_pass", "small_model"]
    assert [rung.label for rung in Rung] == names


readings = st.lists(
    st.tuples(st.floats(0.1, 5.0), st.none() | st.floats(-40.0, 150.0), st.none() | st.booleans(), st.booleans()),
    max_size=300,
)


@given(readings, st.sampled_from([Rung.NO_SECOND_PASS, Rung.SMALL_MODEL]))
def test_it_never_skips_a_rung_and_never_hurries(
    seen: list[tuple[float, float | None, bool | None, bool]], deepest: Rung
) -> None:
    stand, now_s, moved_s = Stand(), 5.0, None
    for wait_s, celsius, throttled, late in seen:
        now_s += wait_s
        before, stand = stand.relief, step(Reading(now_s, celsius, throttled, late), stand, RULES, deepest)
        after = stand.relief
        assert Rung.ALL <= after.rung <= deepest
        assert (after.cause is None) is (after.rung is Rung.ALL)
        if after.rung == before.rung:
            assert after == before
            continue
        assert abs(after.rung - before.rung) == 1
        if after.rung > before.rung:
            hot = throttled or (celsius is not None and celsius >= RULES.temperature_high_celsius)
            assert hot if after.cause == "heat" else late
            assert moved_s is None or now_s - moved_s >= RULES.step_down_s
        else:
            assert not late
            assert not throttled
            assert celsius is None or celsius < RULES.temperature_high_celsius
            assert moved_s is not None
            assert now_s - moved_s >= RULES.step_up_s
        moved_s = now_s


@given(st.integers(0, 2**32), st.floats(0.1, 4.9), st.floats(40.0, 110.0))
def test_noise_around_any_temperature_does_not_make_it_flap(seed: int, width: float, around: float) -> None:
    """Noise that is narrower than the band goes one way at most."""
    walk = Walk()
    for jitter in np.random.default_rng(seed).uniform(-width, width, 600).tolist():
        walk.go(1, around + jitter)
    rungs = [0, *(rung for _, rung in walk.rungs())]
    assert all(a < b for a, b in itertools.pairwise(rungs))


@pytest.mark.parametrize("around", [70.0, 80.0])
def test_noise_at_a_bound_steps_neither_up_nor_down_twice(around: float) -> None:
    walk = Walk()
    walk.go(12, HOT)
    for second in range(600):
        walk.go(1, around + (3.0 if second % 2 else -3.0))
    assert len(walk.steps) <= 2
