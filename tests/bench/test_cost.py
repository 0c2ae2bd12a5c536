"""What a way to listen costs, with children that count and are busy."""

from pathlib import Path

import pytest
import soundfile

from edge_asr.bench.cost import BOTH, FIRST, Cost, Play, Way, measure, ways
from edge_asr.bench.cost_report import cost_json, cost_text
from edge_asr.bench.decoder_process import Started
from edge_asr.bench.peers import Peer
from edge_asr.bench.recordings import Recording
from edge_asr.bench.resident import Resident
from edge_asr.clock import SystemClock
from edge_asr.config import Config, ModelsConfig
from edge_asr.errors import EdgeAsrError
from tests.fakes import RATE_HZ, tone

COUNTING = "tests.bench.counting_decoder"


@pytest.fixture
def recordings(tmp_path: Path) -> list[Recording]:
    found = []
    for number, seconds in enumerate((0.5, 1.0)):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, tone(seconds), RATE_HZ)
        found.append(Recording(path.name, path, ".", "text"))
    return found


def test_every_way_hears_everything_in_every_round(recordings: list[Recording]) -> None:
    wanted = [Way("a", "int8", 1, COUNTING, ["plain"], how) for how in ("busy", "count")]
    busy, idle = measure(wanted, recordings, 2, SystemClock())
    for cost in (busy, idle):
        assert [(play.name, play.audio_s) for play in cost.plays] == [("0.wav", 0.5), ("1.wav", 1.0)]
        assert all(len(play.cpu_s) == len(play.wall_s) == 2 for play in cost.plays)
        assert len(cost.starts) == 2
        assert all(start.cpu_s > 0 for start in cost.starts)
        assert 1 < cost.loaded.anon_mib <= cost.hearing.anon_mib + 1
        assert 1 < cost.resting.file_mib <= cost.hearing.file_mib
    assert busy.cpu_share == pytest.approx(0.2 / 1.5, rel=0.3)
    assert idle.cpu_share < 0.3 * busy.cpu_share
    for play in busy.plays:  # it sleeps as long as it computes
        assert min(play.wall_s) > 0.199


def test_a_way_that_cannot_start_says_why(recordings: list[Recording]) -> None:
    with pytest.raises(EdgeAsrError, match="there is no model 'xx'"):
        measure([Way("a", "int8", 1, COUNTING, ["faulty"], "count")], recordings, 1, SystemClock())


def test_ways_are_passes_by_weights_by_threads_and_then_the_peers() -> None:
    networks = {"int8": Config(), "float": Config(models=ModelsConfig(dir="/float"))}
    peer = Peer("vosk", "edge_asr.bench.peer_decoder", ["/m"])
    found = list(ways(networks, (1, 2), [peer], second_pass=True))
    assert [(way.system, way.network, way.threads) for way in found] == [
        *((FIRST, network, threads) for network in ("int8", "float") for threads in (1, 2)),
        *((BOTH, network, threads) for network in ("int8", "float") for threads in (1, 2)),
        ("vosk", "own", 1),
    ]
    assert '"enabled":false' in found[0].words[0].partition('"second_pass"')[2]
    assert '"threads":2' in found[1].words[0].partition('"recognizer"')[2]
    assert '"dir":"/float"' in found[2].words[0]
    assert '"enabled":true' in found[4].words[0].partition('"second_pass"')[2]
    assert (found[-1].module, found[-1].words, found[-1].how) == (peer.module, peer.words, "vosk")
    assert [way.system for way in ways(networks, (1,), [], second_pass=False)] == [FIRST, FIRST]


def a_cost() -> Cost:
    plays = [
        Play("a", 10.0, [0.1, 0.3, 0.2], [0.3, 0.4, 0.5]),
        Play("b", 2.0, [0.1, 0.1, 0.7], [0.2, 0.2, 9.9]),
    ]
    starts = [Started(1.5, 0.75), Started(0.5, 0.5), Started(0.6, 0.5)]
    memory = (Resident(70.0, 40.0, 80.0), Resident(72.4, 190.0, 200.0), Resident(71.0, 41.0, 81.0))
    return Cost(Way(FIRST, "int8", 2, "m", [], "live"), plays, starts, *memory)


def test_the_median_of_the_rounds_counts() -> None:
    cost = a_cost()
    assert cost.cpu_share == pytest.approx((0.2 + 0.1) / 12.0)
    assert cost.rtf(50.0) == pytest.approx(0.04)
    assert cost.rtf(95.0) == pytest.approx(0.1)
    assert (cost.start_s, cost.start_cpu_s) == (0.6, 0.5)


def test_two_tables_with_a_row_for_each_way() -> None:
    assert cost_text([a_cost()]).splitlines() == [
        "computing                    CPU s / audio s  RTF, median  RTF, 95th percentile",
        "first pass, int8, 2 threads           0.0250        0.040                 0.100",
        "",
        "start, and MiB: own + of files  loaded after, s  CPU s   loaded  most while it hears  at rest afterwards",
        "first pass, int8, 2 threads                0.60   0.50  70 + 40             72 + 190             71 + 41",
    ]


def test_the_same_as_json_with_every_round() -> None:
    [row] = cost_json([a_cost()])
    assert (row["system"], row["network"], row["threads"]) == (FIRST, "int8", 2)
    assert (row["cpu_s_per_audio_s"], row["rtf_p50"], row["rtf_p95"], row["start_s"]) == (0.025, 0.04, 0.1, 0.6)
    assert row["memory_most_while_hearing"] == {"anon_mib": 72.4, "file_mib": 190.0, "private_mib": 200.0}
    assert row["starts"][0] == {"wall_s": 1.5, "cpu_s": 0.75}
    assert row["recordings"][1] == {
        "path": "b",
        "audio_s": 2.0,
        "cpu_s": [0.1, 0.1, 0.7],
        "wall_s": [0.2, 0.2, 9.9],
        "rtf": 0.1,
    }
