"""Some minutes of such a day on the sentences of the package, and what its judge calls a breach."""

import pytest

from edge_asr.config import Config, GateConfig, SecondPassConfig
from edge_asr.demo.sample import sample
from tests import sample_events
from tests.day.ledger import Ledger
from tests.day.run import report, run

CONFIG = Config(gate=GateConfig(vad="webrtc"), second_pass=SecondPassConfig(enabled=False))


@pytest.mark.bundle
def test_ten_minutes_of_speech_noise_and_mishaps_are_a_consistent_story() -> None:
    day = run(1 / 6, 7, sample(), [], CONFIG, exchange=True)
    assert day.breaches == [], report(day)
    assert day.counts["final"] >= 5, report(day)
    assert day.mishaps.total() >= 5


def test_the_ledger_sees_what_does_not_fit() -> None:
    ledger = Ledger()
    ledger.emit(sample_events.speech_started())
    ledger.emit(sample_events.final())
    ledger.emit(sample_events.speech_ended())
    ledger.close()
    assert ledger.breaches == []
    assert ledger.counts["segments"] == 1
    for events, said in (
        ((sample_events.final(),), "began 0 times"),
        ((sample_events.speech_started(), sample_events.partial()), "never ended"),
        ((sample_events.speech_started(), sample_events.speech_ended()), "has 0 finals"),
        ((sample_events.speech_started(), sample_events.final(), sample_events.final()), "has 2 finals"),
        ((sample_events.speech_started(), sample_events.speech_started()), "began 2 times"),
        ((sample_events.speech_started(), sample_events.final(), sample_events.partial()), "a partial after its end"),
    ):
        ledger = Ledger()
        for event in events:
            ledger.emit(event)
        ledger.close()
        assert any(said in breach for breach in ledger.breaches), (said, ledger.breaches)
