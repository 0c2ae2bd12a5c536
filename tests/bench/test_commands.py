"""What counts as understood, as wrong and as false, with an ear that is told what it hears."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.grammar import Command, Slot
from edge_asr.audio.chunk import Samples
from edge_asr.bench.commands import Elsewhere, Heard, Order, elsewhere, level, mixed, read_orders
from edge_asr.bench.commands_report import commands_json, commands_text
from edge_asr.errors import EdgeAsrError
from tests.fakes import RATE_HZ, tone


def command(excess: float, intent: str = "light", **slots: str) -> Command:
    return Command(intent, {name: Slot(value, value, 1.0) for name, value in slots.items()}, 0.9, excess)


class ToldEar:
    def __init__(self, *answers: list[Command], name: str = "edge_asr") -> None:
        self.name = name
        self.lengths: list[int] = []
        self._answers = list(answers)

    def hear(self, samples: Samples) -> Heard:
        self.lengths.append(len(samples))
        return Heard(self._answers.pop(0), 0.5)


def orders(count: int) -> list[tuple[Order, Samples]]:
    return [(Order("a.flac", Path("a.flac"), "light", {"room": "living room"}), tone(1.0))] * count


def test_a_command_is_right_with_its_intent_and_all_slots_and_nothing_beside_it() -> None:
    right = command(0.1, room="Living  Room")
    ear = ToldEar(
        [right],
        [command(0.1, room="kitchen")],  # another slot
        [command(0.1, "dark", room="living room")],  # another intent
        [command(0.1, room="living room", size="big")],  # one slot too many
        [right, command(0.2, room="kitchen")],  # something beside it
        [right, command(0.9, room="kitchen")],  # which fits too badly to count
        [],
    )
    found = level(ear, orders(7), "clean", None, RATE_HZ)
    assert ear.lengths == [3 * RATE_HZ] * 7
    assert (found.audio_s, found.cpu_s) == (21.0, 3.5)
    assert found.accepted(0.3) == 2
    assert found.wrong(0.3) == 4
    assert found.accepted(1.0) == 1
    assert found.accepted(0.05) == found.wrong(0.05) == 0


def test_what_is_no_command_is_heard_a_minute_at_a_time() -> None:
    ear = ToldEar([command(0.2)], [command(0.4), command(2.0)])
    found = elsewhere(ear, "talk", tone(90.0), RATE_HZ)
    assert ear.lengths == [60 * RATE_HZ, 30 * RATE_HZ]
    assert (found.audio_s, found.excesses) == (90.0, [0.2, 0.4, 2.0])
    assert [found.false_commands(most) for most in (0.1, 0.3, 0.5)] == [0, 1, 2]


@pytest.mark.parametrize("snr_db", [24, 6])
def test_the_loudest_frames_are_so_far_apart(snr_db: int) -> None:
    speech, noise = tone(1.0, 3000), tone(5.0, 500)
    both = mixed(speech, noise, snr_db, np.random.default_rng(1)).astype(float)
    added = both - speech

    def loudest(samples: NDArray[Any]) -> float:
        return max(float(np.square(samples[at : at + 2048]).mean()) for at in range(0, len(samples) - 2047, 2048))

    ratio_db = 10 * math.log10(loudest(speech.astype(np.float64)) / loudest(added))
    assert ratio_db == pytest.approx(snr_db, abs=0.1)


def test_a_mixture_stays_within_full_scale_and_a_short_noise_is_repeated() -> None:
    both = mixed(tone(1.0, 32000), tone(0.2, 32000), 0, np.random.default_rng(1))
    assert len(both) == RATE_HZ
    assert np.abs(both.astype(int)).max() == 32767


def test_the_report_tells_each_who_apart() -> None:
    levels = [
        level(ToldEar([command(0.1, room="living room")], []), orders(2), "clean", None, RATE_HZ),
        level(ToldEar([command(-5, room="x")], [], name="vosk"), orders(2), "clean", None, RATE_HZ),
        level(ToldEar([command(0.4, room="living room")], []), orders(2), "tap", 6, RATE_HZ),
    ]
    apart = [Elsewhere("edge_asr", "talk", 1800.0, [0.2, 0.5]), Elsewhere("vosk", "talk", 1800.0, [-5.0])]
    text = commands_text(levels, apart, 0.3)
    rows = {line.split("  ")[0]: line.split() for line in text.splitlines()}
    assert rows["clean"][1:] == ["50.0", "0.0", f"{1 / 6:.3f}"]
    assert rows["vosk: clean"][2:4] == ["0.0", "50.0"]
    assert rows["tap"][1] == "0.0"
    assert rows["talk"][1:] == ["30.0", "1", "2.00", "9.49"]
    assert rows["vosk: all of it"][-4:] == ["30.0", "1", "2.00", "9.49"]
    curve = [line.split() for line in text.split("most_excess")[1].splitlines() if line.strip()]
    assert ["0.4", "50.0", "0.0", "1", "2.00", "9.49"] in curve  # of ours alone
    assert json.loads(json.dumps(commands_json(levels, apart)))["elsewhere"][0]["excesses"] == [0.2, 0.5]


def test_orders_are_what_has_an_intent(tmp_path: Path) -> None:
    rows = [
        {"path": "a.flac", "intent": "light", "slots": {"room": "Living  Room"}},
        {"path": "b.flac", "text": "a story"},
    ]
    (tmp_path / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert read_orders(tmp_path) == [Order("a.flac", tmp_path / "a.flac", "light", {"room": "living room"})]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "expected lines like"),
        ('{"path": "a", "text": "b"}', "none of the recordings has an intent"),
        ("[1]", "expected"),
    ],
)
def test_a_manifest_without_orders_is_one_error(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "manifest.jsonl").write_text(text)
    with pytest.raises(EdgeAsrError, match=said):
        read_orders(tmp_path)
    with pytest.raises(EdgeAsrError, match="expected lines like"):
        read_orders(tmp_path / "nowhere")
