"""Counters of the house; the only file that knows prometheus_client.

Every bounded queue and every loss has a counter here. One `Metrics` is made by `app` and handed down.
"""

import math

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Enum,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each counter, which nobody asks for
# What an alert or a panel asks for begins at 0: of a series that begins at 1 nothing has increased.
_DROPPED = {
    "mqtt": ("offline", "queue_full", "expired", "refused", "slow_broker", "stopped"),
    "jsonl": ("unwritable",),
    "http": ("queue_full",),
}
_ANSWERS = (
    *("transcript", "connections", "protocol", "format", "language", "model", "silent", "slow"),
    *("too_many_streams", "busy", "failed"),
)
_LAG_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0)
_LATENCY_S = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0)
_CAPTURE = ["starting", "healthy", "silent", "lost", "recovering", "hung", "muted", "stopped"]


class Metrics:
    """All counters and gauges, on a registry of their own. Safe from any thread."""

    content_type = CONTENT_TYPE_PLAIN_0_0_4  # of `text`

    def __init__(self) -> None:  # noqa: PLR0915 - a line for each; told apart they would be no easier to find
        self.registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"edge_asr_{name}", text, labels, registry=self.registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"edge_asr_{name}", text, registry=self.registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"edge_asr_{name}", text, labels, buckets=buckets, registry=self.registry)

        self.build = Info("edge_asr_build", "This program", registry=self.registry)
        self.model = Info("edge_asr_model", "What is heard with; second_pass is empty for none", registry=self.registry)
        self.compute_seconds = counter(
            "compute_seconds",
            "Time that the first pass took; divided by audio_seconds it is the real-time factor",
        )
        self.gate_open_seconds = counter(
            "gate_open_seconds", "Audio that came while the gate was open; the rest was taken for silence or noise"
        )
        self.chunk_lag_seconds = histogram("chunk_lag_seconds", "Lag of each chunk consumed, see lag_seconds", _LAG_S)
        self.first_token_seconds = histogram(
            "first_token_seconds", "First partial published - the first word began", _LATENCY_S
        )
        self.finalization_seconds = histogram(
            "finalization_seconds", "Final published - last speech sample, by the pass that spoke", _LATENCY_S, "pass"
        )
        self.decision_seconds = histogram(
            "decision_seconds", "Final published - the sample at which the end was decided", _LATENCY_S, "pass"
        )
        self.second_pass_compute_seconds = counter(
            "second_pass_compute_seconds", "Time that the second pass took, in vain or not"
        )
        self.audio_seconds = counter("audio_seconds", "Audio consumed by the pipeline, in seconds")
        self.audio_dropped_seconds = counter("audio_dropped_seconds", "Audio lost, in seconds", "reason")
        self.words = counter("words", "Words published in finals")
        self.events = counter("events", "Events made", "event_type")
        self.unknown = counter("unknown", "Events unknown: speech that was none of the sentences, by why", "reason")
        self.events_dropped = counter("events_dropped", "Events that a sink could not take", "sink", "reason")
        self.commands = counter("commands", "Commands from afar, each once, by what became of it", "control", "outcome")
        self.partials_suppressed = counter(
            "partials_suppressed", "Chunks consumed while partials were given up because of lag or heat"
        )
        self.second_pass_finals = counter("second_pass_finals", "Finals whose text is the second pass's")
        self.second_pass_skipped = counter(
            "second_pass_skipped", "Finals that kept the text of the first pass although there is a second", "reason"
        )
        self.second_pass_speculations = counter(
            "second_pass_speculations", "Decodings begun before their final, by what became of them", "outcome"
        )
        self.capture_reopened = counter("capture_reopened", "Openings of the microphone", "reason")
        self.capture_backend = counter("capture_backend", "Openings of the microphone, by what reads it", "backend")
        self.close_timeouts = counter(
            "capture_close_timeouts", "Calls of the sound system, and recorders, that hung and were left behind"
        )
        self.worker_errors = counter("worker_errors", "Utterances ended by an error", "error")
        self.sink_errors = counter("sink_errors", "Errors held inside a sink", "sink")
        self.ladder_steps = counter("ladder_steps", "Steps of the ladder of heat and lag", "direction", "cause")
        self.ladder_rung = gauge("ladder_rung", "What is given up: 0 nothing, 1 partials, 2 second pass, 3 the model")
        self.temperature_celsius = gauge("temperature_celsius", "Hottest sensor; NaN while it is not known")
        self.temperature_celsius.set(math.nan)
        self.lag_seconds = gauge("lag_seconds", "Now - capture time of the newest chunk consumed")
        self.ring_seconds = gauge("ring_seconds", "Audio that waits in the ring")
        self.spool_messages = gauge("spool_messages", "Finals that wait on disk for the broker")
        self.broker_connected = gauge("broker_connected", "1 while the broker is connected; NaN for none")
        self.capture_healthy = gauge("capture_healthy", "1 while a microphone is heard")
        self.capture_state = Enum(
            "edge_asr_capture_state", "1 for what capture does now", states=_CAPTURE, registry=self.registry
        )
        self.level_dbfs = gauge(
            "level_dbfs",
            "Loudness (RMS) of the microphone in the last second, dB of full scale; NaN while none is heard",
        )
        self.level_dbfs.set(math.nan)
        self.guests = gauge("guests", "Streams and recordings from elsewhere that are being heard")
        self.guests_refused = counter("guests_refused", "Streams and recordings that were not heard", "reason")
        self.guest_audio_seconds = counter("guest_audio_seconds", "Audio of guests that was heard, in seconds")
        self.http_listeners = gauge("http_listeners", "Clients of the HTTP port that hear all events")
        self.http_listeners_dropped = counter(
            "http_listeners_dropped", "Clients of the HTTP port that were too slow for the events, and cut off"
        )
        self.http_requests = counter("http_requests", "Answers on the HTTP port", "path", "code")
        self.http_refused = counter("http_refused", "Requests and connections turned away at the door", "reason")
        self.log_suppressed = counter("log_suppressed", "Lines of the log that were more of the same, told as a number")
        self.wyoming_answers = counter("wyoming_answers", "Transcripts and refusals on the Wyoming port", "outcome")
        self.clipped_samples = counter("clipped_samples", "Samples at full scale: the microphone is too loud")

        self._begin_at_nothing()

    def _begin_at_nothing(self) -> None:
        for sink, reasons in _DROPPED.items():
            for reason in reasons:
                self.events_dropped.labels(sink=sink, reason=reason)
        for reason in ("lag", "ring_full", "overflow", "mute", "shutdown"):
            self.audio_dropped_seconds.labels(reason=reason)
        for reason in ("overload", "heat", "late", "queue_full", "error"):
            self.second_pass_skipped.labels(reason=reason)
        for reason in ("limit", "lag"):
            self.guests_refused.labels(reason=reason)
        for reason in ("other", "unsaid", "undecided"):
            self.unknown.labels(reason=reason)
        for outcome in _ANSWERS:
            self.wyoming_answers.labels(outcome=outcome)

    def consumed(self, audio_s: float, took_s: float, *, gate_open: bool) -> None:
        """So much audio went through the pipeline, in so much time."""
        self.audio_seconds.inc(audio_s)
        self.compute_seconds.inc(took_s)
        if gate_open:
            self.gate_open_seconds.inc(audio_s)

    def add_process(self, version: str) -> None:
        """Processor time, memory, descriptors and start of this process too, by their usual names; and its version."""
        ProcessCollector(registry=self.registry)
        self.build.info({"version": version})

    def heard_with(self, model: str, language: str, second_pass: str) -> None:
        """What is in force."""
        self.model.info({"model": model, "language": language, "second_pass": second_pass})

    def text(self) -> str:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry).decode()
