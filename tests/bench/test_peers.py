import importlib.util
from importlib.machinery import ModuleSpec

import pytest

from edge_asr.bench.peers import PEERS, check_peers, comparable, ready_peers
from edge_asr.config import Config, ModelsConfig
from edge_asr.errors import EdgeAsrError, ModelError


def found(monkeypatch: pytest.MonkeyPatch, *there: str) -> None:
    def find(name: str, _package: str | None = None) -> ModuleSpec | None:
        return ModuleSpec(name, None) if name in there else None

    monkeypatch.setattr(importlib.util, "find_spec", find)


def test_a_peer_that_is_not_installed_is_one_line_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, "vosk")
    check_peers(["vosk"], "zh")
    with pytest.raises(EdgeAsrError, match=r"the package pocketsphinx; install: pip install 'edge-asr\[bench\]'"):
        check_peers(PEERS, "en")


@pytest.mark.parametrize("language", ["en", "en-GB", "EN_us"])
def test_two_are_for_english(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, *(name.replace("-", "_") for name in PEERS))
    check_peers(PEERS, language)
    check_peers(["vosk", "sherpa-onnx"], "zh")
    for name in ("pocketsphinx", "moonshine-voice"):
        with pytest.raises(EdgeAsrError, match=f"--peer {name}: its wheel knows English alone, the bundle speaks 'zh'"):
            check_peers([name], "zh")


def test_a_wheel_with_a_model_needs_nothing_else_on_the_disk() -> None:
    with ready_peers(["pocketsphinx", "moonshine-voice"], Config()) as peers:
        assert [(peer.name, peer.module, list(peer.words)) for peer in peers] == [
            ("pocketsphinx", "edge_asr.bench.pocketsphinx_decoder", []),
            ("moonshine-voice", "edge_asr.bench.moonshine_decoder", []),
        ]


def test_ours_has_no_second_pass_beside_a_peer_that_has_none() -> None:
    assert comparable(Config(), ["vosk", "moonshine-voice"]) == Config()
    assert comparable(Config(), ["sherpa-onnx"]).second_pass.enabled is False


def test_vosk_needs_weights_that_somebody_has_published() -> None:
    own = Config(models=ModelsConfig(bundle="own"))
    with pytest.raises(ModelError, match="leave it out: --peer none"), ready_peers(["vosk"], own):
        pass
