import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.ring import Ring
from edge_asr.metrics import Metrics

RATE_HZ = 1000


def chunk(first_sample: int, count: int = 100) -> AudioChunk:
    return AudioChunk("s", first_sample, np.zeros(count, np.int16), RATE_HZ, 0)


def dropped_s(metrics: Metrics, reason: str) -> float:
    return metrics.registry.get_sample_value("edge_asr_audio_dropped_seconds_total", {"reason": reason}) or 0.0


def test_what_goes_in_comes_out_in_order() -> None:
    ring = Ring(1.0, Metrics())
    for n in range(5):
        ring.push(chunk(100 * n))
    assert ring.depth_s == pytest.approx(0.5)
    popped = [ring.pop(0.0) for _ in range(6)]
    assert [c.first_sample if c else None for c in popped] == [0, 100, 200, 300, 400, None]
    assert ring.depth_s == 0.0


def test_the_gauge_says_what_waits_now() -> None:
    metrics = Metrics()
    ring = Ring(1.0, metrics)
    seen = []
    for change in (lambda: ring.push(chunk(0, 500)), lambda: ring.push(chunk(500)), lambda: ring.flush_to_newest(0.2)):
        change()
        seen.append(metrics.registry.get_sample_value("edge_asr_ring_seconds"))
    assert seen == pytest.approx([0.5, 0.6, 0.1])
    ring.pop(0.0)
    assert metrics.registry.get_sample_value("edge_asr_ring_seconds") == 0.0


def test_a_full_ring_drops_the_oldest_and_counts_it() -> None:
    metrics = Metrics()
    ring = Ring(0.3, metrics)
    for n in range(5):
        ring.push(chunk(100 * n))
    first = ring.pop(0.0)
    assert first is not None
    assert first.first_sample == 200  # the reader sees the gap
    assert dropped_s(metrics, "ring_full") == pytest.approx(0.2)


def test_a_chunk_larger_than_the_ring_is_still_heard() -> None:
    ring = Ring(0.05, Metrics())
    ring.push(chunk(0))
    assert ring.pop(0.0) is not None


def test_flush_keeps_the_newest_and_counts_the_lag() -> None:
    metrics = Metrics()
    ring = Ring(10.0, metrics)
    for n in range(20):
        ring.push(chunk(100 * n))
    assert ring.flush_to_newest(0.5) == pytest.approx(1.5)
    assert dropped_s(metrics, "lag") == pytest.approx(1.5)
    first = ring.pop(0.0)
    assert first is not None
    assert first.first_sample == 1500
    assert Ring(1.0, metrics).flush_to_newest(0.0) == 0.0


def test_flush_never_takes_the_newest_chunk() -> None:
    ring = Ring(10.0, Metrics())
    ring.push(chunk(0))
    ring.push(chunk(100))
    assert ring.flush_to_newest(0.0) == pytest.approx(0.1)
    assert ring.pop(0.0) is not None


def test_close_wakes_the_reader_who_drains_what_is_left() -> None:
    ring = Ring(1.0, Metrics())
    popped: list[AudioChunk | None] = []
    reader = threading.Thread(target=lambda: popped.append(ring.pop(30.0)), daemon=True)
    reader.start()
    ring.close()
    reader.join(5.0)
    assert not reader.is_alive()
    assert popped == [None]

    ring = Ring(1.0, Metrics())
    ring.push(chunk(0))
    ring.close()
    ring.push(chunk(100))  # too late
    assert ring.pop(30.0) is not None
    assert ring.pop(30.0) is None


def test_a_push_wakes_the_reader() -> None:
    ring = Ring(1.0, Metrics())
    popped: list[AudioChunk | None] = []
    reader = threading.Thread(target=lambda: popped.append(ring.pop(30.0)), daemon=True)
    reader.start()
    ring.push(chunk(0))
    reader.join(5.0)
    assert [c.first_sample for c in popped if c] == [0]


@given(st.lists(st.one_of(st.integers(1, 400), st.just(0)), max_size=60), st.floats(0.05, 2.0))
def test_nothing_is_lost_uncounted_and_the_bound_holds(actions: list[int], capacity_s: float) -> None:
    """0 pops, any other number pushes so many samples: what came in = what came out + what waits + what is counted."""
    metrics = Metrics()
    ring = Ring(capacity_s, metrics)
    pushed = popped = expected = 0
    for count in actions:
        if count:
            ring.push(chunk(pushed, count))
            pushed += count
            assert ring.depth_s <= max(capacity_s, count / RATE_HZ) + 1e-9
        else:
            taken = ring.pop(0.0)
            if taken is not None:
                assert taken.first_sample >= expected
                expected = taken.end_sample
                popped += len(taken.samples)
    assert pushed / RATE_HZ == pytest.approx(popped / RATE_HZ + ring.depth_s + dropped_s(metrics, "ring_full"))


def test_what_is_drained_is_gone_and_told() -> None:
    ring = Ring(1.0, Metrics())
    for number in range(3):
        ring.push(chunk(100 * number))
    assert ring.drain() == pytest.approx(0.3)
    assert (ring.depth_s, ring.pop(0.0), ring.drain()) == (0.0, None, 0.0)
