"""Two devices that say the same every time, through the real sink."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from edge_asr.config import MqttConfig
from edge_asr.controls import Controls, ControlValues
from edge_asr.events import Event, FinalEvent, WordTiming
from edge_asr.metrics import Metrics
from edge_asr.sinks.homeassistant import announcement
from edge_asr.sinks.mqtt import MqttSink
from tests import sample_events
from tests.sinks.subscriber import wait_for

_VALUES = ControlValues(mute=False, sensitivity=50)


class Device:
    """A sink with its controls, and somebody who takes them and answers."""

    def __init__(self, name: str, port: int, password: str | None = None) -> None:
        self.name = name
        metrics, self._news = Metrics(), list[tuple[bool, str]]()
        self.controls = Controls(_VALUES, _VALUES, metrics)
        user = None if password is None else name
        config = MqttConfig(host="127.0.0.1", port=port, username=user, reconnect_max_s=1)
        told = announcement(name, name.title(), f"edge_asr/{name}", "1", 20.0)
        heard = self._news.append
        self.sink = MqttSink(config, name, metrics, lambda *news: heard(news), password, self.controls, told)
        self._over = threading.Event()
        self._answering = threading.Thread(target=self._answer)

    @property
    def connected(self) -> bool:
        return bool(self._news) and self._news[-1][0]

    def start(self) -> None:
        self.sink.report(sample_events.state())
        self.sink.answer(_VALUES)
        self.sink.start()
        self._answering.start()
        wait_for(lambda: self.connected)

    def say(self, event: Event) -> None:
        self.sink.emit(msgspec.structs.replace(event, device_id=self.name))

    def stop(self) -> None:
        self._over.set()
        self._answering.join()
        self.sink.stop(5.0)

    def _answer(self) -> None:
        while not self._over.wait(0.05):
            values, commanded, _ = self.controls.take()
            if commanded:
                self.sink.answer(values)


@contextmanager
def running(*devices: Device) -> Iterator[None]:
    """Connected; stopped afterwards."""
    try:
        for device in devices:
            device.start()
        yield
    finally:
        for device in devices:
            device.stop()


def final(text: str, segment_id: str, **fields: Any) -> FinalEvent:
    """A final whose words have times."""
    words = text.split()
    starts_s = (0.5, 0.8, 1.05, 1.2)
    timed = [WordTiming(word, start, start + 0.2, 0.9) for word, start in zip(words, starts_s, strict=False)]
    return msgspec.structs.replace(sample_events.final(text, segment_id), words=timed, **fields)
