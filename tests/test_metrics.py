"""The counters of the house."""

from prometheus_client.parser import text_string_to_metric_families

from edge_asr.metrics import Metrics


def test_each_house_counts_for_itself() -> None:
    first, second = Metrics(), Metrics()
    first.words.inc(3)
    assert first.registry.get_sample_value("edge_asr_words_total") == 3
    assert second.registry.get_sample_value("edge_asr_words_total") == 0


def test_losses_are_told_apart() -> None:
    metrics = Metrics()
    metrics.events_dropped.labels(sink="mqtt", reason="offline").inc()
    metrics.events_dropped.labels(sink="mqtt", reason="queue_full").inc(2)
    metrics.audio_dropped_seconds.labels(reason="lag").inc(0.5)
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.text())
        for sample in family.samples
    }
    assert samples["edge_asr_events_dropped_total", (("reason", "offline"), ("sink", "mqtt"))] == 1
    assert samples["edge_asr_events_dropped_total", (("reason", "queue_full"), ("sink", "mqtt"))] == 2
    assert samples["edge_asr_audio_dropped_seconds_total", (("reason", "lag"),)] == 0.5


def test_every_one_has_our_name_and_a_description() -> None:
    families = list(text_string_to_metric_families(Metrics().text()))
    assert len(families) > 10
    for family in families:
        assert family.name.startswith("edge_asr_")
        assert family.documentation
