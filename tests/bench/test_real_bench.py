"""The commands as a person gives them, short, with real servers, the real daemon and the real model."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edge_asr.cli.main import main
from edge_asr.demo.sample import sample
from tests.asr.zipformer.zipformers import network

SAID = {
    "0880": "he was not an ill disposed young man",
    "0930": "he might even have been made amiable himself",
}


def figures(path: Path, bench: str) -> Any:
    document = json.loads(path.read_bytes())
    assert document["bench"] == bench
    assert document["setting"]["bundle"].startswith("en ")
    return document["figures"]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Folder of recordings of the sample with their texts."""
    with (tmp_path / "manifest.jsonl").open("w") as manifest:
        for number, text in SAID.items():
            path = next(path for path in sample() if number in path.name)
            (tmp_path / "book").mkdir(exist_ok=True)
            (tmp_path / "book" / path.name).symlink_to(path)
            manifest.write(json.dumps({"path": f"book/{path.name}", "text": text, "lang": "en"}) + "\n")
    return tmp_path


@pytest.mark.bundle
@pytest.mark.usefixtures("book")
def test_accuracy_on_the_sample(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    result, plot = tmp_path / "result.json", tmp_path / "plot.svg"
    words = ["bench", "accuracy", "--speech", str(tmp_path), "--peer", "none", "--set", "second_pass.enabled=false"]
    words.append("--float")
    assert main([*words, "--json", str(result), "--plot", str(plot)]) == 0
    assert plot.read_text("utf8").count("<circle") == 6
    pooled = figures(result, "accuracy")["pooled"]
    assert set(pooled) == {"live", "whole", "float"}
    for score in pooled.values():
        assert score["tokens"] == 16
        assert score["percent"] <= 25
        assert score["cpu_s_per_audio_s"] > 0
    assert "book" in capfd.readouterr().out


@pytest.mark.bundle
def test_accuracy_in_noise_takes_a_sample(book: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    noises = tmp_path_factory.mktemp("noises")
    hiss = np.random.default_rng(5).normal(0, 900, 10 * 16_000).astype(np.int16)
    soundfile.write(noises / "hiss.wav", hiss, 16_000)
    result = book / "result.json"
    words = ["bench", "accuracy", "--speech", str(book), "--each", "1", "--peer", "none", "--noise", str(noises)]
    assert main([*words, "--snr", "40,-10", "--json", str(result)]) == 0
    seen = figures(result, "accuracy")
    assert len(seen["recordings"]) == 3
    far, near = seen["in_noise"]
    assert (far["snr_db"], near["snr_db"]) == (40, -10)
    assert far["pooled"]["live"]["percent"] <= 25
    assert near["noises"]["hiss"]["pooled"]["live"]["percent"] >= 75


@pytest.mark.bundle
@pytest.mark.broker
@pytest.mark.pulse
def test_latency_of_a_sentence(tmp_path: Path) -> None:
    sentence = next(path for path in sample() if "0880" in path.name)
    result = tmp_path / "result.json"
    assert main(["bench", "latency", "--file", str(sentence), "--repeat", "1", "--json", str(result)]) == 0
    seen = figures(result, "latency")
    assert (seen["sentences"], seen["unanswered"]) == (1, [])
    values = {name: latency["values_ms"] for name, latency in seen["latencies"].items()}
    for name in ("partial_after_sound", "partial_first_word", "final_first_word", "decision", "finalization"):
        assert len(values[name]) == 1, name
        assert 0 < values[name][0] < 10_000, name
    assert len(values["transport"]) >= 4
    assert min(values["transport"]) >= 0


@pytest.mark.bundle
@pytest.mark.broker
@pytest.mark.pulse
@pytest.mark.parametrize("how", [[], ["--together"]], ids=["in turns", "together"])
def test_latency_beside_peers(how: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    peers = [name for name in ("vosk", "pocketsphinx", "moonshine-voice") if find_spec(name.replace("-", "_"))]
    if not peers:
        pytest.skip("no peer is installed: make setup-bench")
    sentence = next(path for path in sample() if "0880" in path.name)
    result = tmp_path / "result.json"
    words = ["bench", "latency", "--file", str(sentence), "--repeat", "1", "--peer", ",".join(peers), *how]
    assert main([*words, "--json", str(result)]) == 0
    seen = figures(result, "latency")
    assert ("same time" in seen["played"]) == bool(how)
    for hearer in ("edge_asr", *peers):
        (wait,) = seen["sentences"][hearer]
        assert wait["file"] == sentence.name
        assert 0 < wait["first_ms"] < 10_000
        assert 0 < wait["final_ms"] < 20_000
    printed = capfd.readouterr().out
    assert all(printed.count(f"ours / {peer}") == 3 for peer in peers)


@pytest.mark.broker
@pytest.mark.pulse
def test_latency_of_a_zipformer_beside_sherpa_onnx(tmp_path: Path) -> None:
    """Its weights are random, and whether either of them says anything is not said."""
    folder = network("transducer", int8=True).bundle.folder
    sentence = next(path for path in sample() if "0880" in path.name)
    result = tmp_path / "result.json"
    words = ["bench", "latency", "--file", str(sentence), "--repeat", "1", "--peer", "sherpa-onnx"]
    words += ["--set", f"models.dir={folder.parent}", "--set", f"models.bundle={folder.name}", "--json", str(result)]
    assert main(words) == 0
    seen = json.loads(result.read_bytes())["figures"]
    assert {hearer: len(waits) for hearer, waits in seen["sentences"].items()} == {"edge_asr": 1, "sherpa-onnx": 1}


def test_both_at_the_same_time_needs_a_peer(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "latency", "--together"]) == 1
    assert "give --peer NAME too" in capfd.readouterr().err


def test_accuracy_of_a_zipformer_beside_sherpa_onnx(book: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = network("transducer", int8=True).bundle.folder
    result = book / "result.json"
    words = ["bench", "accuracy", "--speech", str(book), "--peer", "sherpa-onnx", "--json", str(result)]
    words += ["--set", f"models.dir={folder.parent}", "--set", f"models.bundle={folder.name}"]
    assert main([*words, "--set", "recognizer.paths=4"]) == 0
    seen = json.loads(result.read_bytes())["figures"]
    parity = seen["parity_with_sherpa_onnx"]
    assert parity["same_tokens"] == parity["same_texts"] == parity["recordings"] == len(SAID)
    assert parity["tokens"] > 10
    assert parity["cpu_ratio"] > 0
    assert set(seen["pooled"]) == {"live", "whole", "sherpa-onnx"}
    assert "tokens identical on 2 of 2 recordings" in capfd.readouterr().out


@pytest.mark.bundle
@pytest.mark.broker
@pytest.mark.pulse
def test_idle_in_silence_and_in_what_is_no_silence(tmp_path: Path) -> None:
    speech = next(path for path in sample() if "0880" in path.name)
    result = tmp_path / "result.json"
    words = ["bench", "idle", "--minutes", "0.1", "--noise", str(speech), "--together", "--json", str(result)]
    assert main(words) == 0
    silence, noise = figures(result, "idle")
    assert (silence["sound"], noise["sound"]) == ("silence", speech.name)
    assert (silence["events"], silence["partial_words"], silence["final_words"]) == ({}, 0, 0)
    assert noise["partial_words"] > 0
    assert noise["events"]["speech_started"] > 0
    for quiet in (silence, noise):
        assert 6 <= quiet["seconds"] < 20
        assert 0 < quiet["cpu_share"] < 1
        assert 20 < quiet["resident_mib"] <= quiet["peak_mib"]


@pytest.mark.bundle
def test_noise_in_silence_and_in_what_is_no_noise(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    speech = next(path for path in sample() if "0880" in path.name)
    result = tmp_path / "result.json"
    peer = ["--peer", "pocketsphinx" if find_spec("pocketsphinx") else "none"]
    assert main(["bench", "noise", "--minutes", "0.2", "--noise", str(speech), *peer, "--json", str(result)]) == 0
    rows = figures(result, "noise")
    silence, _, spoken = (row for row in rows if row["heard_by"] == "edge_asr")
    theirs = [row for row in rows if row["heard_by"] != "edge_asr"]
    assert [row["heard_by"] for row in theirs] == (["pocketsphinx"] * 3 if find_spec("pocketsphinx") else [])
    assert all(row["final_words"] >= 4 for row in theirs[2:])
    assert (silence["sound"], silence["final_words"], silence["events"]) == ("silence", 0, {})
    assert spoken["audio_s"] == pytest.approx(12.0)
    assert spoken["final_words"] >= 8
    assert spoken["cpu_s_per_audio_s"] > silence["cpu_s_per_audio_s"] > 0
    assert speech.name in capfd.readouterr().out


@pytest.mark.bundle
def test_cost_of_both_kinds_of_weights(book: Path, capfd: pytest.CaptureFixture[str]) -> None:
    result = book / "result.json"
    words = ["bench", "cost", "--speech", str(book), "--rounds", "1", "--threads", "1", "--each", "1"]
    assert main([*words, "--set", "second_pass.enabled=false", "--json", str(result)]) == 0
    int8, exact = figures(result, "cost")
    assert [(one["system"], one["network"]) for one in (int8, exact)] == [
        ("first pass", "int8"),
        ("first pass", "float"),
    ]
    for one in (int8, exact):
        assert one["cpu_s_per_audio_s"] > 0
        assert 0 < one["rtf_p50"] <= one["rtf_p95"]
        assert one["start_s"] > 0
        loaded, most = one["memory_loaded"], one["memory_most_while_hearing"]
        assert 20 < loaded["anon_mib"] <= most["anon_mib"] + 1
        assert most["file_mib"] > loaded["file_mib"]  # the graph's pages come in while words are decoded
    assert exact["memory_loaded"]["anon_mib"] > int8["memory_loaded"]["anon_mib"] + 5  # 13 MB in place of 3.4
    assert "first pass, float, 1 thread" in capfd.readouterr().out


@pytest.mark.bundle
def test_edges_of_the_sample(book: Path, capfd: pytest.CaptureFixture[str]) -> None:
    result = book / "result.json"
    words = ["bench", "edges", "--speech", str(book), "--set", "second_pass.enabled=false", "--json", str(result)]
    assert main(words) == 0
    seen = figures(result, "edges")
    assert [(one["room"], one["lost_live"]) for one in seen["edges"]] == [("silence", []), ("noise", [])] * 2
    assert {one["first"]["live"] for one in seen["edges"]} == {"right"}
    assert seen["long_speech"] == []  # two sentences are not long
    assert "first word, silence" in capfd.readouterr().out


@pytest.mark.bundle
def test_formats_of_the_sample(book: Path, capfd: pytest.CaptureFixture[str]) -> None:
    result = book / "result.json"
    assert main(["bench", "formats", "--speech", str(book), "--each", "1", "--json", str(result)]) == 0
    seen = figures(result, "formats")
    assert len(seen) == 8
    assert {one["recordings"] for one in seen} == {1}
    assert all(one["percent"] <= 25 for one in seen)
    assert "48 kHz, stereo" in capfd.readouterr().out


@pytest.mark.bundle
def test_a_batch_of_the_sample(book: Path, tmp_path: Path) -> None:
    result = tmp_path / "batch.json"
    words = ["bench", "batch", "--speech", str(book), "--peer", "none", "--jobs", "2", "--rounds", "1"]
    assert main([*words, "--json", str(result)]) == 0
    rows = figures(result, "batch")
    assert rows[0]["program"] == "edge-asr transcribe, one pass"
    for row in rows:
        assert row["tokens"] == 16
        assert row["percent"] <= 25
        assert row["hours_per_hour"] > 0
        assert row["cpu_s_per_audio_s"] > 0
