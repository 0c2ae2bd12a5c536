"""Alert rules, their tests and the dashboard, on the real thing: Debian's Prometheus asks the port."""

import json
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge_asr.dispatch import Dispatch
from edge_asr.metrics import Metrics
from tests import sample_events
from tests.http.port_house import TOKEN, PortHouse, free_port, opened
from tests.small_debian import ROOT
from tests.waiting import wait_until

RULES = ROOT / "deploy" / "prometheus"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "edge_asr.json").read_text())
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
PROMTOOL, PROMETHEUS = shutil.which("promtool"), shutil.which("prometheus")
needs_prometheus = pytest.mark.skipif(
    PROMTOOL is None or PROMETHEUS is None, reason="no prometheus; sudo apt install prometheus"
)


def promtool(*words: str) -> str:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *words], cwd=RULES, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_prometheus
def test_the_rules_are_right_and_each_alert_fires_for_who_is_ill() -> None:
    promtool("check", "rules", "edge_asr.rules.yml")
    promtool("test", "rules", "edge_asr.rules.test.yml")


def test_each_alert_is_tried_and_says_what_to_do() -> None:
    rules, tests = (RULES / "edge_asr.rules.yml").read_text(), (RULES / "edge_asr.rules.test.yml").read_text()
    alerts = re.findall(r"alert: (\w+)", rules)
    assert len(alerts) > 10
    for alert in alerts:
        assert f'{{alertname="{alert}"}}' in tests
    assert rules.count("summary:") == rules.count("description:") == len(alerts)


def names() -> set[str]:
    metrics = Metrics()
    metrics.add_process("1")
    return set(re.findall(r"^# TYPE (\w+)", metrics.text(), re.MULTILINE)) | {"up", "ALERTS"}


@pytest.mark.parametrize("expression", [*EXPRESSIONS, (RULES / "edge_asr.rules.yml").read_text()])
def test_what_is_asked_for_is_what_there_is(expression: str) -> None:
    asked = set(re.findall(r"\b((?:edge_asr|process)_\w+)(?=[{\[\s)/]|$)", expression))
    known = names()
    assert asked
    for name in asked:
        assert {name, name.removesuffix("_bucket")} & known, name


def busy(house: PortHouse) -> None:
    """A device of which everything is known."""
    metrics = house.reach.metrics
    metrics.add_process("1.2.3")
    metrics.heard_with("en", "en-us", "moonshine-tiny-en")
    metrics.capture_state.state("healthy")
    metrics.broker_connected.set(1)
    metrics.temperature_celsius.set(61.5)
    metrics.level_dbfs.set(-30.0)
    lively(house)


def lively(house: PortHouse) -> None:
    metrics = house.reach.metrics
    metrics.consumed(2.0, 0.1, gate_open=True)
    metrics.chunk_lag_seconds.observe(0.03)
    Dispatch([], metrics).send(sample_events.final())
    metrics.first_token_seconds.observe(0.4)
    metrics.second_pass_finals.inc()
    metrics.second_pass_skipped.labels(reason="overload").inc()
    metrics.guests_refused.labels(reason="limit").inc()
    metrics.audio_dropped_seconds.labels(reason="lag").inc()
    metrics.events_dropped.labels(sink="mqtt", reason="offline").inc()


class Asked:
    """A Prometheus that scrapes one device every half second."""

    def __init__(self, port: int) -> None:
        self._port = port

    def query(self, expression: str) -> list[Any]:
        asked = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/api/v1/query?{asked}", timeout=10) as answer:
            found: list[Any] = json.load(answer)["data"]["result"]
            return found

    def ready(self) -> bool:
        try:
            return len(self.query("rate(edge_asr_words_total[1m])")) > 0
        except OSError:
            return False


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    with opened(TOKEN) as house:
        busy(house)
        config = written(folder, house.port)
        assert PROMETHEUS is not None
        process = subprocess.Popen(
            [PROMETHEUS, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
             f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            asked = Asked(port)

            def enough() -> bool:
                lively(house)
                return asked.ready()

            wait_until(enough, 30, "two looks of Prometheus")
            yield asked
        finally:
            process.terminate()
            process.wait(20)


def written(folder: Path, port: int) -> Path:
    """The configuration that we ship, with a nearer target."""
    text = (RULES / "prometheus.yml").read_text()
    (folder / "token").write_text(TOKEN)
    changes = {
        "scrape_interval: 15s": "scrape_interval: 500ms\n  scrape_timeout: 400ms\n  evaluation_interval: 1s",
        "edge_asr.rules.yml": str(RULES / "edge_asr.rules.yml"),
        "/etc/prometheus/edge_asr_token": str(folder / "token"),
        "kitchen.local:8906": f"127.0.0.1:{port}",
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "prometheus.yml").write_text(text)
    return folder / "prometheus.yml"


@needs_prometheus
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_query_of_the_dashboard_returns_data(expression: str, prometheus: Asked) -> None:
    settled = {"$__rate_interval": "1m", "$__range": "1h", "$instance": ".*", "$job": ".*"}
    for old, new in settled.items():
        expression = expression.replace(old, new)
    found = prometheus.query(expression)
    assert found, expression
    assert all(one["value"][1] != "NaN" for one in found)


@needs_prometheus
def test_the_recorded_series_are_there_and_the_device_is_up(prometheus: Asked) -> None:
    for name in re.findall(r"record: (\S+)", (RULES / "edge_asr.rules.yml").read_text()):
        wait_until(lambda name=name: prometheus.query(name), 20, name)  # type: ignore[misc]
    assert prometheus.query('up{job="edge_asr"}')[0]["value"][1] == "1"
