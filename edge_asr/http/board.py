"""What is known of the device now, for whoever asks on the HTTP port."""

import threading
from typing import NamedTuple

from edge_asr.controls import ControlValues
from edge_asr.events import LadderReport, LevelReport, LoadReport, ModelReport, Report, StateReport
from edge_asr.http.hub import Hub


class Broker(NamedTuple):
    """How the connection to the broker is; `reason` is one line for a person, empty while all is well."""

    connected: bool
    reason: str


class Known(NamedTuple):
    """One moment of it; None where nothing was told yet, or there is nothing to tell."""

    state: StateReport | None = None
    broker: Broker | None = None  # None: no broker is configured
    controls: ControlValues | None = None
    load: LoadReport | None = None
    ladder: LadderReport | None = None
    model: ModelReport | None = None


class Board:
    """Written by any thread and read by any: `known` is replaced whole, and who reads waits for nobody.

    Whoever listens is told of each change.
    """

    def __init__(self, hub: Hub, *, has_broker: bool) -> None:
        self._hub = hub
        self.known = Known(broker=Broker(False, "not connected yet") if has_broker else None)
        self._lock = threading.Lock()  # of two who write at once neither is forgotten

    def report(self, report: Report) -> None:
        """Take the newest of one kind; a level is nothing that lasts."""
        match report:
            case StateReport():
                self._replace("state", state=report)
            case LoadReport():
                self._replace("load", load=report)
            case LadderReport():
                self._replace("ladder", ladder=report)
            case ModelReport():
                self._replace("model/update", model=report)
            case LevelReport():
                pass

    def answer(self, values: ControlValues) -> None:
        """Take the controls that are in force."""
        self._replace("controls", controls=values)

    def broker(self, connected: bool, reason: str) -> None:
        """Take how the connection to the broker is."""
        if self.known.broker != (connected, reason):
            self._replace("broker", broker=Broker(connected, reason))

    def _replace(self, topic: str, **news: object) -> None:
        with self._lock:
            self.known = self.known._replace(**news)  # type: ignore[arg-type]
            for payload in news.values():
                self._hub.tell(topic, payload._asdict() if isinstance(payload, Broker) else payload)
