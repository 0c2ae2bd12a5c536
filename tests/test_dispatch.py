"""Each event reaches each sink, whatever becomes of it in another."""

from typing import get_args

import pytest
from msgspec.structs import replace

from edge_asr.dispatch import Dispatch
from edge_asr.events import Event, WhyUnknown
from edge_asr.metrics import Metrics
from tests import sample_events
from tests.fakes import ListSink


class Broken(ListSink):
    def emit(self, event: Event) -> None:
        raise OSError(f"no room for {len(event.segment_id)}")


def test_a_sink_that_fails_costs_the_others_nothing_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    metrics, well = Metrics(), ListSink()
    dispatch = Dispatch([Broken(), well], metrics)
    events: list[Event] = [sample_events.final(), sample_events.partial()]
    for event in events:
        dispatch.send(event)
    assert well.events == events
    value = metrics.registry.get_sample_value
    assert value("edge_asr_sink_errors_total", {"sink": "Broken"}) == 2
    assert [value("edge_asr_events_total", {"event_type": kind}) for kind in ("final", "partial")] == [1, 1]
    assert value("edge_asr_words_total") == len(sample_events.final().words)
    [record] = caplog.records
    assert record.getMessage().startswith("Broken failed (OSError: no room")


def test_latencies_of_finals_are_measured_as_far_as_they_are_known() -> None:
    metrics = Metrics()
    dispatch = Dispatch([], metrics)
    dispatch.send(sample_events.final(finalization_ms=710.0))
    dispatch.send(sample_events.final(finalization_ms=None))
    dispatch.send(sample_events.partial())
    value = metrics.registry.get_sample_value
    assert value("edge_asr_finalization_seconds_count", {"pass": "1"}) == 1
    assert value("edge_asr_finalization_seconds_sum", {"pass": "1"}) == pytest.approx(0.71)
    assert value("edge_asr_finalization_seconds_bucket", {"pass": "1", "le": "0.7"}) == 0
    assert value("edge_asr_first_token_seconds_count") == 0


def test_what_is_none_of_the_sentences_is_counted_by_why() -> None:
    metrics = Metrics()
    dispatch, value = Dispatch([], metrics), metrics.registry.get_sample_value
    for number, reason in enumerate(get_args(WhyUnknown), start=1):
        assert value("edge_asr_unknown_total", {"reason": reason}) == 0
        for _ in range(number):
            dispatch.send(replace(sample_events.unknown(), reason=reason))
        assert value("edge_asr_unknown_total", {"reason": reason}) == number
