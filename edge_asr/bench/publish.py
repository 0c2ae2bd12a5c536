"""What publishing costs: events per second beside paho alone, and how long `emit` can hold its caller up.

The caller is the recognizer's thread: while it is held up, audio waits. So the times inside `emit` count most, with a
broker that answers, one that hangs, one that is gone, and a queue that is full.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from edge_asr.bench.bare_publisher import publish_all
from edge_asr.config import MqttConfig, SpoolConfig
from edge_asr.demo.broker import Broker
from edge_asr.errors import SinkError
from edge_asr.events import FinalEvent, Latency, WordTiming, encode
from edge_asr.metrics import Metrics
from edge_asr.sinks.mqtt import MqttSink

BARE = "paho alone"
WAYS = (BARE, "sink, memory", "sink, disk")
_DEVICE = "bench"
_TOPIC = f"edge_asr/{_DEVICE}/final"
_NOW = "2024-05-01T10:01:07.250+00:00"
_WORDS = ("she", "hoped", "for", "what", "she", "wished", "and", "expected")
_CONNECT_DEADLINE_S = 10.0
_DRAIN_S = 120.0
_QUEUE = 1000  # the default of mqtt.queue_messages
_POLL_S = 0.01
_US_PER_NS = 1e-3


@dataclass(frozen=True)
class WayRate:
    """One way to publish, round by round."""

    way: str
    per_s: tuple[float, ...]
    cpu_us: tuple[float, ...]  # of this process, for each event

    @property
    def median_per_s(self) -> float:
        """Events per second, as the rounds went in the middle."""
        return statistics.median(self.per_s)

    @property
    def median_cpu_us(self) -> float:
        """Microseconds of CPU for each event."""
        return statistics.median(self.cpu_us)


@dataclass(frozen=True)
class Stall:
    """Times of the calls of `emit` in one condition, in microseconds."""

    condition: str
    calls: int
    median_us: float
    p999_us: float
    worst_us: float
    dropped: int  # events that found the queue full


@dataclass(frozen=True)
class PublishFigures:
    """All of it."""

    payload_bytes: int
    rates: tuple[WayRate, ...]
    stalls: tuple[Stall, ...]

    def ratio(self, way: str) -> float:
        """Events per second of a way, as a multiple of paho alone."""
        rate = {each.way: each.median_per_s for each in self.rates}
        return rate[way] / rate[BARE]


def measure(events: int, calls: int, rounds: int) -> PublishFigures:
    """Publish `events` finals in each round and way, then call `emit` `calls` times in each condition.

    The ways take turns, so that a machine that others use slows each of them down alike. Raises EdgeAsrError.
    """
    finals = [_final(number) for number in range(events)]
    payloads = [encode(final) for final in finals]
    per_s: dict[str, list[float]] = {way: [] for way in WAYS}
    cpu_us: dict[str, list[float]] = {way: [] for way in WAYS}
    with Broker() as broker, TemporaryDirectory(prefix="edge-asr-bench-") as folder:
        for number in range(rounds):
            for way in WAYS:
                began_s, cpu_s = time.monotonic(), time.process_time()
                if way == BARE:
                    publish_all(broker.host, broker.port, _TOPIC, payloads)
                else:
                    _publish_ours(broker, _spool(way, Path(folder) / f"{number}.sqlite"), finals)
                cpu_us[way].append((time.process_time() - cpu_s) / events * 1e6)
                per_s[way].append(events / (time.monotonic() - began_s))
        stalls = [_encoding(calls)]
        for way in WAYS[1:]:
            stalls += _stalls(broker, _spool(way, Path(folder) / "stalls.sqlite"), way, calls)
    rates = tuple(WayRate(way, tuple(per_s[way]), tuple(cpu_us[way])) for way in WAYS)
    return PublishFigures(len(payloads[0]), rates, tuple(stalls))


def _spool(way: str, path: Path) -> SpoolConfig:
    return SpoolConfig(mode="disk", path=str(path)) if way.endswith("disk") else SpoolConfig()


def _publish_ours(broker: Broker, spool: SpoolConfig, finals: Sequence[FinalEvent]) -> None:
    """From connecting to the goodbye, as the peer does it; every event has to arrive."""
    config = MqttConfig(host=broker.host, port=broker.port, queue_messages=100_000, spool=spool)
    metrics = Metrics()
    sink = MqttSink(config, _DEVICE, metrics)
    sink.start()
    for final in finals:
        sink.emit(final)
    sink.stop(_DRAIN_S)
    if lost := _dropped(metrics):
        raise SinkError(f"{lost} of {len(finals)} events did not arrive in {_DRAIN_S:g} s: is the machine overloaded?")


def _stalls(broker: Broker, spool: SpoolConfig, way: str, calls: int) -> Iterator[Stall]:
    """Each condition with a sink of its own; in the last two the queue is full before the first call."""
    with _connected(broker, spool) as (sink, metrics):
        yield _timed(f"{way}: broker answers", sink, metrics, calls)
    with _connected(broker, spool) as (sink, metrics):
        broker.suspend()
        try:
            yield _timed(f"{way}: broker hangs", sink, metrics, min(calls, _QUEUE))
            yield _timed(f"{way}: broker hangs, queue full", sink, metrics, calls)
        finally:
            sink.stop(0.0)
            broker.resume()
    with _connected(broker, spool) as (sink, metrics):
        broker.stop()
        try:
            _wait_until(lambda: not _connection(metrics), "the loss of the connection")
            for number in range(_QUEUE):
                sink.emit(_final(number))
            yield _timed(f"{way}: broker away, queue full", sink, metrics, calls)
        finally:
            sink.stop(0.0)
            broker.start()


@contextmanager
def _connected(broker: Broker, spool: SpoolConfig) -> Iterator[tuple[MqttSink, Metrics]]:
    metrics = Metrics()
    config = MqttConfig(host=broker.host, port=broker.port, queue_messages=_QUEUE, spool=spool)
    sink = MqttSink(config, _DEVICE, metrics)
    sink.start()
    try:
        _wait_until(lambda: _connection(metrics), "a connection")
        yield sink, metrics
    finally:
        sink.stop(_DRAIN_S)


def _timed(condition: str, sink: MqttSink, metrics: Metrics, calls: int) -> Stall:
    before = _dropped(metrics)
    return _stall(condition, sink.emit, calls, lambda: _dropped(metrics) - before)


def _encoding(calls: int) -> Stall:
    """What the machine itself does to the same loop: nothing but the encoding of each event."""
    return _stall("encoding alone", encode, calls, lambda: 0)


def _stall(condition: str, call: Callable[[FinalEvent], object], calls: int, dropped: Callable[[], int]) -> Stall:
    times_us = []
    for number in range(calls):
        final = _final(number)
        began_ns = time.monotonic_ns()
        call(final)
        times_us.append((time.monotonic_ns() - began_ns) * _US_PER_NS)
    times_us.sort()
    p999_us = times_us[min(calls - 1, round(0.999 * calls))]
    return Stall(condition, calls, times_us[calls // 2], p999_us, times_us[-1], dropped())


def _dropped(metrics: Metrics) -> int:
    """Events that the sink has given up so far, whatever the reason."""
    samples = [sample for family in metrics.events_dropped.collect() for sample in family.samples]
    return round(sum(sample.value for sample in samples if sample.name.endswith("_total")))


def _connection(metrics: Metrics) -> bool:
    return any(sample.value == 1 for family in metrics.broker_connected.collect() for sample in family.samples)


def _wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _CONNECT_DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            raise SinkError(f"{what} did not come within {_CONNECT_DEADLINE_S:g} s: is the machine overloaded?")
        time.sleep(_POLL_S)


def _final(number: int) -> FinalEvent:
    """A final of usual length."""
    words = [WordTiming(word, round(index / 3, 2), round(index / 3 + 0.3, 2), 0.9) for index, word in enumerate(_WORDS)]
    return FinalEvent(
        device_id=_DEVICE,
        stream_id="bench",
        segment_id=f"bench-{number}",
        emitted_at=_NOW,
        clock_synced=True,
        text=" ".join(_WORDS),
        revision=5,
        start_s=0.0,
        end_s=2.63,
        start=_NOW,
        end=_NOW,
        language="en",
        model="bench",
        words=words,
        confidence=0.9,
        end_reason="silence",
        latency_ms=Latency(350.0, 620.0, 10.0),
    )
