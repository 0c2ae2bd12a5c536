"""The gate: what opens it, what passes, what closes it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.audio.gate import Gate, GateStep
from edge_asr.config import GateConfig
from edge_asr.sensitivity import Thresholds

BLOCK = 320


class ScriptedVad:
    """Odd samples are a voice."""

    def __init__(self) -> None:
        self.resets = 0
        self.tuned: list[Thresholds] = []
        self.unvoiced_samples = 0
        self.asked_later: list[bool] = []

    def voiced(self, block: NDArray[np.int16], *, later: bool = False) -> bool:
        self.asked_later.append(later)
        return bool(block[0] % 2)

    def reset(self) -> None:
        self.resets += 1

    def tune(self, thresholds: Thresholds) -> None:
        self.tuned.append(thresholds)


def blocks(script: str) -> list[NDArray[np.int16]]:
    """One block for each character, voiced for `v`: then its samples are odd. Each sample holds its block's number."""
    return [np.full(BLOCK, 2 * number + 2 + (letter == "v"), np.int16) for number, letter in enumerate(script)]


def run(script: str, config: GateConfig | None = None, hangover_ms: int = 800) -> list[GateStep]:
    gate = Gate(config or GateConfig(), hangover_ms, ScriptedVad(), BLOCK)
    return [gate.step(block) for block in blocks(script)]


def passed(steps: list[GateStep]) -> list[int]:
    """Numbers of the blocks that passed whole; of the first of an opening, the part that passed may be less."""
    samples = np.concatenate([step.passed for step in steps]) if steps else np.empty(0, np.int16)
    numbers, counts = np.unique(samples, return_counts=True)
    return [int(number) // 2 - 1 for number, count in zip(numbers, counts, strict=True) if count == BLOCK]


def test_a_click_does_not_open_it() -> None:
    assert passed(run("." * 30 + "vvvv" + "." * 30)) == []


def test_onset_brings_the_pre_roll_and_says_where_the_voice_begins() -> None:
    config = GateConfig(pre_roll_ms=400)
    steps = run("." * 60 + "v" * 10, config)
    opened = next(step for step in steps if step.opened)
    assert 240 <= opened.onset_sample * 1000 / 16_000 <= 560  # the anchor's play around the nominal 400 ms
    assert opened.passed[opened.onset_sample] % 2 == 1
    assert opened.passed[opened.onset_sample - 1] % 2 == 0
    assert passed(steps)[-1] == 69


def test_without_pre_roll_it_begins_with_the_voice() -> None:
    steps = run("." * 60 + "v" * 10, GateConfig(pre_roll_ms=0))
    assert passed(steps) == list(range(60, 70))


def test_onset_needs_its_voiced_time_within_the_window() -> None:
    assert passed(run("v....v....v....v....v....")) == []
    assert passed(run("v.v.v.v.v")) == list(range(9))


def test_hangover_closes_it_and_counts_from_the_last_voice() -> None:
    steps = run("v" * 10 + "." * 60, hangover_ms=200)
    assert [index for index, step in enumerate(steps) if step.closed] == [19]
    assert passed(steps) == list(range(20))


def test_a_no_that_comes_late_counts_from_the_end_of_the_voice_and_may_do_so_only_while_it_is_open() -> None:
    vad = ScriptedVad()
    gate = Gate(GateConfig(), 400, vad, BLOCK)
    script = blocks("." * 20 + "v" * 27 + "." * 9)
    for block in script[:47]:
        gate.step(block)
    first_open = vad.asked_later.index(True)
    assert first_open > 20
    assert vad.asked_later == [False] * first_open + [True] * (47 - first_open)
    counts = []
    for late, block in zip([12 * BLOCK + 192, 0, BLOCK, 0, 0, 0, 0, 0], script[47:], strict=False):
        vad.unvoiced_samples = late
        counts.append((gate.unvoiced_blocks, gate.step(block).closed))
    assert counts == [(0, False), *((count, False) for count in range(12, 19))]
    assert gate.unvoiced_blocks == 19
    assert gate.step(script[55]).closed


@pytest.mark.parametrize(("hangover_ms", "may_wait"), [(200, False), (380, False), (400, True)])
def test_whoever_waits_for_little_silence_is_told_at_once(hangover_ms: int, may_wait: bool) -> None:
    vad = ScriptedVad()
    gate = Gate(GateConfig(), hangover_ms, vad, BLOCK)
    for block in blocks("v" * 30):
        gate.step(block)
    assert vad.asked_later[-1] is may_wait


def test_what_closed_it_may_come_before_the_next_onset_and_no_voice_passes_twice() -> None:
    first, second = "v" * 10 + "." * 45, "v" * 10
    steps = run(first + second, hangover_ms=800)
    assert [index for index, step in enumerate(steps) if step.closed] == [49]
    [again] = [step for step in steps[50:] if step.opened]
    numbers = np.unique(again.passed) // 2 - 1
    assert 55 - 38 <= numbers[0] <= 55 - 22  # the whole pre-roll of 30 blocks, though but 5 came since
    assert numbers[-1] == 59
    assert passed(steps[50:])[-1] == 64


def test_shut_may_keep_the_last_blocks_for_what_comes_next_and_none_of_them_opens_it() -> None:
    gate = Gate(GateConfig(), 800, ScriptedVad(), BLOCK)
    script = blocks("v" * 20 + "." * 10 + "v" * 10)
    for block in script[:24]:
        gate.step(block)
    gate.shut(7)
    after = [gate.step(block) for block in script[24:]]
    assert [index for index, step in enumerate(after) if step.opened] == [10]
    assert passed(after)[0] == 24 - 7


def test_shut_forgets_what_has_passed() -> None:
    gate = Gate(GateConfig(), 800, ScriptedVad(), BLOCK)
    script = blocks("." * 10 + "v" * 20)
    for block in script[:20]:
        gate.step(block)
    gate.shut()
    after = [gate.step(block) for block in script[20:]]
    assert passed(after) == list(range(20, 30))


def test_the_detector_forgets_whenever_it_shuts() -> None:
    vad = ScriptedVad()
    gate = Gate(GateConfig(), 200, vad, BLOCK)
    for block in blocks("v" * 10 + "." * 9):
        gate.step(block)
    assert vad.resets == 0
    gate.step(blocks(".")[0])
    assert vad.resets == 1
    gate.shut()
    assert vad.resets == 2


def test_a_longer_onset_holds_from_the_next_block_on_and_the_detector_is_told() -> None:
    vad = ScriptedVad()
    gate = Gate(GateConfig(), 800, vad, BLOCK)
    script = blocks("." * 10 + "vvvv" + "." * 20 + "vvvvvvvv" + "." * 20 + "vvvvvvvvvv")
    opened = []
    for number, block in enumerate(script):
        if number == 20:
            gate.tune(Thresholds(3, 0.9, 180))
        opened.append(gate.step(block).opened)
    assert [index for index, one in enumerate(opened) if one] == [62 + 8]  # the ninth voiced block of the third
    assert vad.tuned == [Thresholds(3, 0.9, 180)]


def test_an_onset_never_outgrows_its_window() -> None:
    gate = Gate(GateConfig(onset_window_ms=120), 800, ScriptedVad(), BLOCK)
    gate.tune(Thresholds(2, 0.5, 200))
    assert [step.opened for step in map(gate.step, blocks("v" * 6))] == [False] * 5 + [True]


def test_the_configured_sensitivity_is_there_from_the_first_block() -> None:
    assert not passed(run("vvvvvvvv" + "." * 30, GateConfig(sensitivity=0)))
    assert passed(run("vv" + "." * 30, GateConfig(sensitivity=100)))


@given(st.text("v.", max_size=200))
def test_what_passes_is_in_order_without_holes_inside_an_opening(script: str) -> None:
    opening = np.empty(0, np.int16)
    for step in run(script):
        if step.opened:
            opening = np.empty(0, np.int16)
            assert step.passed[step.onset_sample] % 2 == 1
        opening = np.concatenate([opening, step.passed])
        numbers = np.unique(opening // 2)
        assert (np.diff(opening // 2) >= 0).all()
        assert len(numbers) == 0 or len(numbers) == numbers[-1] - numbers[0] + 1
