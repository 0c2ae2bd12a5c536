"""Events on their way from the recognizer to the sinks, counted."""

import logging
from collections.abc import Sequence

from edge_asr.events import Event, FinalEvent, UnknownEvent
from edge_asr.metrics import Metrics
from edge_asr.sinks.sink import Sink

log = logging.getLogger(__name__)


class Dispatch:
    """Hands each event to every sink. One thread; it raises nothing: a sink that fails costs none of the others."""

    def __init__(self, sinks: Sequence[Sink], metrics: Metrics) -> None:
        self._sinks = sinks
        self._metrics = metrics
        self._broken: set[int] = set()

    def send(self, event: Event) -> None:
        """Count it and let it go."""
        self._metrics.events.labels(event_type=event.__struct_config__.tag).inc()
        if isinstance(event, FinalEvent):
            self._metrics.words.inc(len(event.words))
            self._measure(event)
        elif isinstance(event, UnknownEvent):
            self._metrics.unknown.labels(reason=event.reason).inc()
        for sink in self._sinks:
            try:
                sink.emit(event)
            except Exception as error:  # noqa: BLE001 - a sink's edge: it costs neither the utterance nor the others
                self._failed(sink, error)

    def _measure(self, final: FinalEvent) -> None:
        """Its latencies, as far as they are known."""
        latency, spoke = final.latency_ms, str(final.pass_no)
        if latency.first_token is not None:
            self._metrics.first_token_seconds.observe(latency.first_token / 1000)
        if latency.finalization is not None:
            self._metrics.finalization_seconds.labels(spoke).observe(latency.finalization / 1000)
        if latency.decision is not None:
            self._metrics.decision_seconds.labels(spoke).observe(latency.decision / 1000)

    def _failed(self, sink: Sink, error: Exception) -> None:
        name = type(sink).__name__
        self._metrics.sink_errors.labels(sink=name).inc()
        if id(sink) not in self._broken:
            self._broken.add(id(sink))
            said = {"sink": name, "error": type(error).__name__, "reason": error}
            log.error("%(sink)s failed (%(error)s: %(reason)s); this is said once", said)
