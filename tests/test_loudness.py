"""The level on its way to the metrics and to whoever listens."""

import pytest

from edge_asr.audio.level_meter import LOWEST_DBFS, Level
from edge_asr.events import LevelReport
from edge_asr.loudness import Loudness
from edge_asr.metrics import Metrics
from edge_asr.sinks import wire
from tests.fakes import HandClock, ListSink


def test_the_metrics_know_each_second_and_the_sinks_what_is_due() -> None:
    clock, sink, metrics = HandClock(), ListSink(), Metrics()
    loudness = Loudness(10.0, [sink], clock, metrics)
    loudness.take(Level(-40.0, -20.0, 0, 16_000))
    loudness.take(Level(-20.0, -1.0, 16, 16_000))
    assert metrics.registry.get_sample_value("edge_asr_level_dbfs") == -20.0
    assert metrics.registry.get_sample_value("edge_asr_clipped_samples_total") == 16.0
    clock.advance_s(9.9)
    loudness.look()
    assert sink.reports == []
    clock.advance_s(0.2)
    loudness.look()
    assert sink.reports == [LevelReport(rms_dbfs=-23.0, peak_dbfs=-1.0, clipped=0.0005)]
    clock.advance_s(20.0)
    loudness.look()  # nothing was heard: the microphone is gone
    assert len(sink.reports) == 1


def test_nobody_is_told_who_has_not_asked_and_nothing_is_kept() -> None:
    clock, sink = HandClock(), ListSink()
    loudness = Loudness(0.0, [sink], clock, Metrics())
    for _ in range(100):
        loudness.take(Level(-40.0, -20.0, 0, 16_000))
        clock.advance_s(1.0)
        loudness.look()
    assert sink.reports == []
    assert loudness._sum.samples == 0


def test_silence_has_a_level() -> None:
    clock, sink = HandClock(), ListSink()
    loudness = Loudness(1.0, [sink], clock, Metrics())
    loudness.take(Level(LOWEST_DBFS, LOWEST_DBFS, 0, 16_000))
    clock.advance_s(1.0)
    loudness.look()
    (report,) = sink.reports
    assert isinstance(report, LevelReport)
    assert report.rms_dbfs == pytest.approx(LOWEST_DBFS)


def test_it_does_not_stay_on_the_broker() -> None:
    message = wire.of_report("edge_asr/k1", LevelReport(rms_dbfs=-23.0, peak_dbfs=-1.0, clipped=0.0))
    assert message.topic == "edge_asr/k1/level"
    assert (message.qos, message.retain) == (0, False)
    assert message.payload == b'{"rms_dbfs":-23.0,"peak_dbfs":-1.0,"clipped":0.0}'
