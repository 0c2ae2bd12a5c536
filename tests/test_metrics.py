"""The counters of the house."""

import shutil
import subprocess

import pytest
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


def test_the_audio_that_is_consumed_gives_the_real_time_factor_and_the_share_that_passed_the_gate() -> None:
    metrics = Metrics()
    metrics.consumed(2.0, 0.5, gate_open=True)
    metrics.consumed(6.0, 0.1, gate_open=False)
    value = metrics.registry.get_sample_value
    assert value("edge_asr_audio_seconds_total") == 8
    assert value("edge_asr_compute_seconds_total") == pytest.approx(0.6)
    assert value("edge_asr_gate_open_seconds_total") == 2


def test_losses_begin_at_nothing_so_that_the_first_is_an_increase() -> None:
    value = Metrics().registry.get_sample_value
    assert value("edge_asr_events_dropped_total", {"sink": "mqtt", "reason": "expired"}) == 0
    assert value("edge_asr_audio_dropped_seconds_total", {"reason": "lag"}) == 0
    assert value("edge_asr_second_pass_skipped_total", {"reason": "late"}) == 0


def test_what_is_heard_with_is_one_series_that_changes() -> None:
    metrics = Metrics()
    metrics.heard_with("en", "en-us", "moonshine")
    metrics.heard_with("zh", "zh", "")
    lines = [line for line in metrics.text().splitlines() if line.startswith("edge_asr_model_info{")]
    assert lines == ['edge_asr_model_info{language="zh",model="zh",second_pass=""} 1.0']


def test_the_process_is_told_by_the_usual_names() -> None:
    metrics = Metrics()
    metrics.add_process("1.2.3")
    assert metrics.registry.get_sample_value("edge_asr_build_info", {"version": "1.2.3"}) == 1
    assert (metrics.registry.get_sample_value("process_start_time_seconds") or 0) > 1e9
    assert "_created" not in metrics.text()


def test_promtool_has_nothing_to_say() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool; sudo apt install prometheus")
    metrics = Metrics()
    metrics.add_process("1.2.3")
    metrics.finalization_seconds.labels("1").observe(0.7)
    metrics.events_dropped.labels(sink="mqtt", reason="offline").inc()
    words = [promtool, "check", "metrics"]
    done = subprocess.run(words, check=False, input=metrics.text(), capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_one_has_our_name_and_a_description() -> None:
    families = list(text_string_to_metric_families(Metrics().text()))
    assert len(families) > 10
    for family in families:
        assert family.name.startswith("edge_asr_")
        assert family.documentation
