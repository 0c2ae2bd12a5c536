"""Figures of the gate, with detectors that are told what a voice is."""

from pathlib import Path

import numpy as np
import pytest

from edge_asr.audio.chunk import Samples
from edge_asr.bench import gate
from edge_asr.bench.gate import Alarms, Missed, ModeFigures, measure, through_gate
from edge_asr.bench.gate_report import gate_json, gate_text
from edge_asr.bench.mixture import in_a_row
from edge_asr.config import Config, GateConfig, ModelsConfig
from edge_asr.errors import ModelError
from tests.audio import tiny_silero
from tests.fakes import RATE_HZ, LoudVad, tone


class DeafVad(LoudVad):
    """Hears nothing."""

    def voiced(self, _block: Samples, *, later: bool = False) -> bool:  # noqa: ARG002 - it knows at once
        return False


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Silero is asked by name, nothing is a voice; else it is what is loud."""
    deaf = {"silero", "both"}
    monkeypatch.setattr(gate, "build_vad", lambda config, _: DeafVad() if config.gate.vad in deaf else LoudVad())


@pytest.mark.usefixtures("told")
def test_what_passes_is_marked_with_its_pre_roll() -> None:
    hiss = np.random.default_rng(0).integers(-9, 9, 2 * RATE_HZ).astype(np.int16)
    stream = np.concatenate([hiss, tone(1.0), hiss])
    ran = through_gate(Config(gate=GateConfig(pre_roll_ms=400, hangover_ms=500)), RATE_HZ, stream)
    assert ran.segments == 1
    assert ran.passed[2 * RATE_HZ : 3 * RATE_HZ].all()
    first, last = np.flatnonzero(ran.passed)[[0, -1]] / RATE_HZ
    assert 1.4 <= first <= 1.8
    assert last == pytest.approx(3.5, abs=0.01)


@pytest.mark.usefixtures("told")
def test_a_gate_that_noise_holds_open_is_shut_and_counts_again() -> None:
    assert through_gate(Config(), RATE_HZ, tone(10.0)).segments == 1
    assert 4 <= through_gate(Config(), RATE_HZ, tone(10.0), longest_open_s=2.0).segments <= 5


@pytest.mark.usefixtures("told")
def test_each_mode_is_measured_on_each_sound() -> None:
    clean = in_a_row([tone(1.0)], RATE_HZ)
    loud, deaf, _ = measure(Config(), RATE_HZ, clean, {"hum": tone(20.0), "hiss": tone(20.0, 10)})
    assert len(loud.speech) == 1 + 4 * 2
    assert loud.missed_share(None) == loud.missed_share(0) == 0.0
    assert deaf.missed_share(None) == deaf.missed_share(20) == 1.0
    alarms = {row.noise: row for row in loud.alarms}
    assert alarms["hum"].per_hour >= 3 * 180
    assert alarms["hum"].passed_share > 0.9
    assert alarms["hiss"].segments == alarms[None].segments == 0
    assert all(row.passed_share == 0 for row in deaf.alarms)


def test_the_real_detectors_take_a_bundle_and_without_it_nothing_is_begun(tmp_path: Path) -> None:
    config = Config(models=ModelsConfig(dir=str(tmp_path)))
    clean = in_a_row([tone(1.0)], RATE_HZ)
    with pytest.raises(ModelError, match="run: edge-asr models pull silero-vad"):
        measure(config, RATE_HZ, clean, {"hum": tone(10.0)})
    tiny_silero.write(tmp_path)
    figures = measure(config, RATE_HZ, clean, {"hum": tone(10.0)})
    assert [mode.mode for mode in figures] == ["webrtc", "silero", "both"]
    assert figures[1].missed_share(None) < 0.1


def test_the_report_has_a_column_for_each_mode_and_all_of_it_as_json() -> None:
    speech = (
        Missed(None, None, 10.0, 0.0, 0.5, 0.001),
        Missed("hum", 10, 10.0, 1.0, 0.5, 0.002),
        Missed("hiss", 10, 10.0, 2.0, 0.5, 0.004),
    )
    alarms = (Alarms(None, 60.0, 0, 0.0, 0.001), Alarms("hum", 120.0, 3, 0.25, 0.0021))
    figures = [ModeFigures("webrtc", speech, alarms), ModeFigures("both", speech, alarms)]
    assert gate_text(figures).splitlines() == [
        "speech                               webrtc   both",
        "missed, as recorded, %                 0.00   0.00",
        "missed, noise 10 dB below, %          15.00  15.00",
        "CPU, as recorded, ms a second          1.00   1.00",
        "CPU, noise 10 dB below, ms a second    3.00   3.00",
        "",
        "no speech                          webrtc  both",
        "digital silence: segments an hour       0     0",
        "digital silence: passed, %            0.0   0.0",
        "digital silence: CPU, ms a second    1.00  1.00",
        "hum: segments an hour                  90    90",
        "hum: passed, %                       25.0  25.0",
        "hum: CPU, ms a second                2.10  2.10",
    ]
    [first, _] = gate_json(figures)
    assert first["mode"] == "webrtc"
    assert first["speech"][1] == {
        "noise": "hum",
        "snr_db": 10,
        "speech_s": 10.0,
        "missed_s": 1.0,
        "passed_share": 0.5,
        "cpu_share": 0.002,
    }
    assert first["alarms"][1]["per_hour"] == 90.0
