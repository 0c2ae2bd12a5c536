from collections.abc import Iterator

import pytest

from edge_asr.audio.chunk import Samples
from edge_asr.bench.full_speed import pieces
from edge_asr.bench.noise import Invented, measure
from edge_asr.bench.noise_peers import measure_peers
from edge_asr.bench.noise_report import noise_json, noise_text
from edge_asr.bench.peers import Peer
from edge_asr.bench.sounds import Sound
from edge_asr.bench.tokens import spoken_count
from tests.bench.fake_stream import fake_stream
from tests.fakes import RATE_HZ, hush, tone


def still() -> Iterator[Samples]:
    while True:
        yield hush(0.02)


def rattling() -> Iterator[Samples]:
    """1.1 s of what the fake takes for two words, then a pause."""
    while True:
        yield from pieces(tone(1.1), RATE_HZ)
        yield from pieces(hush(2.9), RATE_HZ)


def heard() -> list[Invented]:
    sounds = [Sound("still", RATE_HZ, still), Sound("rattling", RATE_HZ, rattling)]
    return measure(sounds, 10.0, fake_stream, spoken_count("en"))


def test_words_are_counted_in_finals_and_in_every_partial() -> None:
    silence, noise = heard()
    assert (silence.partial_words, silence.final_words, silence.events) == (0, 0, {})
    assert (noise.events["speech_started"], noise.events["final"], noise.final_words) == (3, 3, 6)
    assert noise.partial_words == 3 * (1 + 2)
    assert noise.audio_s == pytest.approx(10.0)
    assert noise.hourly(noise.final_words) == pytest.approx(2160)


def test_the_table_has_a_row_for_each_sound() -> None:
    lines = [line.split() for line in noise_text(heard(), "words", [[], []]).splitlines()]
    assert lines[1][0] == "still"
    assert lines[1][3:8] == ["0.0"] * 5
    assert lines[2][:8] == ["rattling", "edge_asr", "0.2", "1080.0", "2160.0", "3240.0", "1080.0", "2160.0"]


def test_the_same_as_json() -> None:
    figures = noise_json(heard(), [[], []])[1]
    assert figures["sound"] == "rattling"
    assert (figures["final_words"], figures["final_words_per_hour"]) == (6, 2160.0)
    assert figures["events"]["partial"] == 6


def test_chinese_is_counted_by_characters() -> None:
    assert spoken_count("zh")("你好, OK 吗。") == 5
    assert spoken_count("de")("guten  Morgen, Welt") == 3


def test_nothing_heard_divides_by_nothing() -> None:
    assert (Invented("none").cpu_share, Invented("none").hourly(0)) == (0.0, 0.0)


def test_each_peer_hears_all_of_every_sound_and_its_words_stand_beside_ours(
    capfd: pytest.CaptureFixture[str],
) -> None:
    sounds = [Sound("still", RATE_HZ, still), Sound("rattling", RATE_HZ, rattling)]
    peers = [Peer("loud", "tests.bench.noise_decoders"), Peer("sherpa-onnx", "tests.bench.noise_decoders")]
    theirs = measure_peers(sounds, 10.0, peers, spoken_count("en"))
    assert [[(one.peer, one.final_words) for one in row] for row in theirs] == [
        [("loud", 0), ("sherpa-onnx", 0)],
        [("loud", 10), ("sherpa-onnx", 1)],  # a word for each second, and one with its endpoints
    ]
    assert all(one.audio_s == pytest.approx(10.0) and one.cpu_s > 0 for row in theirs for one in row)
    rows = [line.split() for line in noise_text(heard(), "words", theirs).splitlines()]
    assert [row[0] for row in rows[1:]] == ["still", "loud", "sherpa-onnx", "rattling", "loud", "sherpa-onnx"]
    assert rows[5][1:7] == ["0.2", "-", "-", "-", "-", "3600.0"]
    figures = noise_json(heard(), theirs)
    assert [one["heard_by"] for one in figures] == ["edge_asr", "loud", "sherpa-onnx"] * 2
    assert [one["sound"] for one in figures] == ["still"] * 3 + ["rattling"] * 3
    assert figures[4]["final_words_per_hour"] == 3600.0
    assert "partial_words" not in figures[4], "they were not asked for"
    assert figures[3]["final_words"] == 6
    assert capfd.readouterr().out == ""
