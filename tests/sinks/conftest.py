"""What the tests of the sinks share."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from edge_asr.config import MqttConfig
from edge_asr.controls import Controls, ControlValues
from edge_asr.metrics import Metrics
from edge_asr.sinks import outbox
from edge_asr.sinks.mqtt import MqttSink
from tests.sinks.certificates import Certificates, make_certificates


class Mouth:
    """A sink with its metrics and what it told of its connection."""

    def __init__(self, config: MqttConfig, password: str | None, *, controlled: bool) -> None:
        self.metrics = Metrics()
        self.news: list[tuple[bool, str]] = []
        values = ControlValues(mute=False, sensitivity=50)
        controls = Controls(values, values, self.metrics) if controlled else None
        self.sink = MqttSink(config, "kitchen", self.metrics, lambda *news: self.news.append(news), password, controls)

    def dropped(self, reason: str) -> float:
        labels = {"sink": "mqtt", "reason": reason}
        return self.metrics.registry.get_sample_value("edge_asr_events_dropped_total", labels) or 0.0

    @property
    def connected(self) -> bool:
        return bool(self.news) and self.news[-1][0]

    @property
    def reason(self) -> str:
        return self.news[-1][1] if self.news else ""


MakeMouth = Callable[..., Mouth]


@pytest.fixture
def make_mouth() -> Iterator[MakeMouth]:
    """Maker of sinks that are stopped at the end."""
    made: list[Mouth] = []

    def make(port: int, password: str | None = None, *, controlled: bool = False, **settings: Any) -> Mouth:
        config = MqttConfig(**{"host": "127.0.0.1", "port": port, "reconnect_max_s": 1, **settings})
        msgspec.convert(msgspec.to_builtins(config), MqttConfig)
        made.append(Mouth(config, password, controlled=controlled))
        return made[-1]

    yield make
    for mouth in made:
        mouth.sink.stop(0.0)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority and what it signed."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def patient_end() -> Iterator[None]:
    """The end waits for the disk: what is tested here is what was written, not whether a busy machine did it in time.

    Else the next life meets a file that the one before still has open, and a count of what was not written.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "_LAST_WRITE_S", 30.0)
        yield
