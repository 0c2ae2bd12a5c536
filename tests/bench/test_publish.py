"""Publishing against a real mosquitto, short; and what is made of the figures."""

import pytest

from edge_asr.bench.publish import BARE, WAYS, PublishFigures, Stall, WayRate, measure
from edge_asr.bench.publish_report import publish_json, publish_text


@pytest.mark.broker
def test_every_way_delivers_and_a_full_queue_drops() -> None:
    figures = measure(events=200, calls=1300, rounds=2)
    assert [rate.way for rate in figures.rates] == list(WAYS)
    assert all(len(rate.per_s) == 2 and min(rate.per_s) > 0 and min(rate.cpu_us) > 0 for rate in figures.rates)
    assert figures.ratio(BARE) == 1.0
    assert 500 < figures.payload_bytes < 2000
    dropped = {stall.condition: stall.dropped for stall in figures.stalls}
    for way in WAYS[1:]:
        assert dropped[f"{way}: broker hangs"] == 0
        # the thousand that waited have filled it, but for what the broker's socket took without an answer
        assert dropped[f"{way}: broker hangs, queue full"] >= 1250
        assert dropped[f"{way}: broker away, queue full"] == 1300
    for stall in figures.stalls:
        assert 0 < stall.median_us <= stall.p999_us <= stall.worst_us


def test_ratio_and_tables() -> None:
    rates = (WayRate(BARE, (100.0, 300.0, 200.0), (50.0,)), WayRate("sink, memory", (150.0,), (80.0, 90.0)))
    figures = PublishFigures(992, rates, (Stall("broker hangs", 5, 10.0, 2000.0, 3500.0, 4),))
    assert figures.ratio("sink, memory") == 0.75
    assert publish_text(figures).splitlines() == [
        "finals of 992 bytes  a second  ratio  CPU, us each",
        "paho alone                200   1.00          50.0",
        "sink, memory              150   0.75          85.0",
        "",
        "time in emit, ms  calls  median  99.9 %  worst  dropped",
        "broker hangs          5   0.010   2.000  3.500        4",
    ]
    document = publish_json(figures)
    assert document["ratio_to_bare_paho"] == {BARE: 1.0, "sink, memory": 0.75}
    assert document["stalls"][0]["worst_us"] == 3500.0
