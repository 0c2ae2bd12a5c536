"""Both runtimes on the same networks and recordings, for real; and what is said when they differ."""

import json
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
import soundfile

from edge_asr.asr.families import load_streaming
from edge_asr.asr.zipformer.recognizer import ZipformerRecognizer
from edge_asr.bench.made_zipformers import made_zipformers
from edge_asr.bench.zipformer_parity import Case, CaseParity, Pair, cases
from edge_asr.bench.zipformer_parity_report import parity_json, parity_text
from edge_asr.cli.main import main
from edge_asr.config import RecognizerConfig
from tests.asr.zipformer.zipformers import network, sound

PAIR = Pair("a/1.wav", 2.0, 7, same_tokens=True, same_text=True, own_cpu_s=0.21, their_cpu_s=0.2)


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    rows = []
    for name, lang, samples in (("en/1.wav", "en", 40_000), ("zh/1.wav", "zh", 16_077)):
        path = tmp_path / "speech" / name
        path.parent.mkdir(parents=True)
        soundfile.write(path, sound(samples), 16_000)
        rows.append(json.dumps({"path": name, "text": "something", "lang": lang}))
    (tmp_path / "speech" / "manifest.jsonl").write_text("\n".join(rows))
    return tmp_path / "speech"


def test_made_up_networks_are_of_both_kinds_and_weights() -> None:
    with made_zipformers(small=True) as made:
        assert list(made) == ["transducer-float", "transducer-int8", "ctc-float", "ctc-int8"]
        wanted = cases(list(made.values()))
        assert [case.paths for case in wanted] == [1, 4, 1, 4, 1, 1]
        for bundle in made.values():
            assert isinstance(load_streaming(bundle, RecognizerConfig()), ZipformerRecognizer)
    assert not made["ctc-int8"].folder.exists()


def test_every_language_is_heard_by_every_search(speech: Path, capfd: pytest.CaptureFixture[str]) -> None:
    result = speech / "result.json"
    folder = network("transducer", int8=True).bundle.folder
    words = ["bench", "parity", "--speech", str(speech), "--bundles", folder.name, "--json", str(result)]
    assert main([*words, "--rounds", "2", "--set", f"models.dir={folder.parent}"]) == 0
    seen = json.loads(result.read_bytes())["figures"]
    assert [case["paths"] for case in seen["cases"]] == [1, 4]
    for case in seen["cases"]:
        assert case["recordings"] == case["same_tokens"] == case["same_texts"] == 2
        assert [pair["path"] for pair in case["pairs"]] == ["en/1.wav", "zh/1.wav"]
        assert all(pair["tokens"] > 0 < pair["own_cpu_s"] for pair in case["pairs"])
        assert case["cpu_ratio"] > 0
    assert capfd.readouterr().out.count("2/2") == 4


def test_the_report_names_what_differs() -> None:
    case = Case(network("transducer").bundle, 4)
    other = replace(PAIR, path="a/2.wav", same_tokens=False, their_cpu_s=0.22)
    result = CaseParity(case, [PAIR, other])
    assert result.cpu_ratio == pytest.approx(1.0)
    text = parity_text([result], 3)
    assert "mine, beam 4, different on: a/2.wav" in text
    assert "1/2" in text
    assert "a/1.wav" not in text
    (figures,) = parity_json([result], 3)["cases"]
    assert (figures["same_tokens"], figures["same_texts"]) == (1, 2)
    assert figures["cpu_s_per_audio_s"] == pytest.approx({"edge_asr": 0.105, "sherpa-onnx": 0.105})


def test_without_sherpa_onnx_there_is_one_line_with_the_fix(
    speech: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str) -> ModuleSpec | None:
        return None if name == "sherpa_onnx" else ModuleSpec(name, None)

    monkeypatch.setattr("importlib.util.find_spec", missing)
    assert main(["bench", "parity", "--speech", str(speech)]) == 1
    error = capfd.readouterr().err.strip()
    assert "needs the package sherpa-onnx" in error
    assert "make setup-bench" in error
    assert "\n" not in error


@pytest.mark.bundle
def test_a_network_of_another_family_is_refused(speech: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "parity", "--speech", str(speech), "--bundles", "en"]) != 0
    assert "the model 'en' is of the kind 'kaldi-tdnnf'" in capfd.readouterr().err
