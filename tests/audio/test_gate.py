"""The gate: what opens it, what passes, what closes it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.audio.gate import Gate, GateStep
from edge_asr.config import GateConfig

BLOCK = 320


class ScriptedVad:
    """Says what the first sample of the block says."""

    def voiced(self, block: NDArray[np.int16]) -> bool:
        return bool(block[0])


def blocks(script: str) -> list[NDArray[np.int16]]:
    """One block for each character, voiced for `v`; its second sample is its number."""
    made = []
    for number, letter in enumerate(script):
        block = np.zeros(BLOCK, np.int16)
        block[:2] = (letter == "v", number)
        made.append(block)
    return made


def run(script: str, config: GateConfig | None = None) -> list[GateStep]:
    gate = Gate(config or GateConfig(), ScriptedVad(), BLOCK)
    return [gate.step(block) for block in blocks(script)]


def passed(steps: list[GateStep]) -> list[int]:
    return [int(block[1]) for step in steps for block in step.passed]


def test_a_click_does_not_open_it() -> None:
    assert passed(run("." * 30 + "vvvv" + "." * 30)) == []


def test_onset_brings_the_pre_roll() -> None:
    steps = run("." * 30 + "v" * 10)
    opened = next(step for step in steps if step.opened)
    assert passed(steps) == list(range(10, 40))  # 400 ms are 20 blocks before block 30
    assert opened.onset_block == 20


def test_onset_needs_its_voiced_time_within_the_window() -> None:
    assert passed(run("v....v....v....v....v....")) == []
    assert passed(run("v.v.v.v.v")) == list(range(9))


def test_hangover_closes_it_and_counts_from_the_last_voice() -> None:
    steps = run("v" * 10 + "." * 60, GateConfig(hangover_ms=200))
    assert [index for index, step in enumerate(steps) if step.closed] == [19]
    assert passed(steps) == list(range(20))


def test_nothing_passes_twice_and_a_new_onset_starts_after_the_last_block_passed() -> None:
    steps = run("v" * 10 + "." * 45 + "v" * 10)
    numbers = passed(steps)
    assert len(numbers) == len(set(numbers))
    assert numbers == sorted(numbers)


def test_shut_forgets_what_has_passed() -> None:
    gate = Gate(GateConfig(), ScriptedVad(), BLOCK)
    script = blocks("." * 10 + "v" * 20)
    for block in script[:20]:
        gate.step(block)
    gate.shut()
    after = [gate.step(block) for block in script[20:]]
    assert passed(after) == list(range(20, 30))


@given(st.text("v.", max_size=200))
def test_what_passes_is_in_order_without_holes_inside_an_opening(script: str) -> None:
    opening: list[int] = []
    for step in run(script):
        numbers = [int(block[1]) for block in step.passed]
        if step.opened:
            opening = []
            assert numbers[step.onset_block] in [n for n, letter in enumerate(script) if letter == "v"]
        if numbers:
            opening += numbers
            assert opening == list(range(opening[0], opening[0] + len(opening)))
