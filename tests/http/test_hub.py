"""The queue between the house's threads and the port's loop."""

import json
import threading

from edge_asr.audio.level_meter import Level
from edge_asr.events import encode
from edge_asr.http.hub import Hub
from edge_asr.metrics import Metrics
from tests import sample_events


def topics(hub: Hub) -> list[str]:
    return [json.loads(frame.body)["topic"] for frame in hub.take()]


def test_while_nobody_listens_only_finals_are_kept() -> None:
    hub = Hub(2, Metrics())
    for number in range(3):
        hub.event(sample_events.partial(f"p {number}"))
        hub.event(sample_events.final(f"f {number}"))
    hub.level(Level(-20.0, -6.0, 0, 1600))
    assert hub.take() == []
    assert [final.text for final in hub.finals] == ["f 1", "f 2"]


def test_where_none_is_to_be_kept_none_is() -> None:
    hub = Hub(0, Metrics())
    hub.event(sample_events.final())
    assert hub.finals == []


def test_whoever_listens_is_woken_once_for_all_that_waits() -> None:
    hub, woken = Hub(2, Metrics()), []
    hub.listen(lambda: woken.append(1))
    hub.event(sample_events.partial())
    hub.event(sample_events.speech_ended())
    hub.level(Level(-20.0, -6.0, 16, 1600))
    assert len(woken) == 1
    assert topics(hub) == ["partial", "event", "level"]
    hub.event(sample_events.final())
    assert len(woken) == 2
    [frame] = hub.take()
    assert json.loads(frame.body) == {"topic": "final", "payload": json.loads(encode(sample_events.final()))}
    hub.deaf()
    hub.event(sample_events.final())
    assert (len(woken), hub.take()) == (2, [])


def test_it_is_bounded_and_what_does_not_fit_is_counted() -> None:
    metrics = Metrics()
    hub = Hub(2, metrics)
    hub.listen(lambda: None)  # a loop that never comes

    def flood() -> None:
        for _ in range(100):
            hub.event(sample_events.final())

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    labels = {"sink": "http", "reason": "queue_full"}
    assert metrics.registry.get_sample_value("edge_asr_events_dropped_total", labels) == 400 - 256
    assert len(hub.take()) == 256
