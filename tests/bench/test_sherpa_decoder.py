"""The peer as the measurement asks it, and the real one beside ours."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge_asr.bench.decoder_process import DecoderProcess
from edge_asr.bench.parity import same_text, same_tokens
from edge_asr.bench.peers import SHERPA, _sherpa_options, comparable, ready_peers
from edge_asr.bench.sherpa_decoder import SherpaOptions, load_recognizer, options_of
from edge_asr.config import Config, ModelsConfig, RecognizerConfig
from edge_asr.errors import EdgeAsrError
from tests.asr.zipformer.zipformers import Kind, network, sound
from tests.bench.test_parity import heard


def of(kind: Kind, paths: int, *, int8: bool = False) -> tuple[Config, Config]:
    """Configuration of a network, and with hotwords."""
    folder = network(kind, int8=int8).bundle.folder
    models = ModelsConfig(dir=str(folder.parent), bundle=folder.name)
    config = Config(models=models, recognizer=RecognizerConfig(paths=paths))
    spelt = msgspec.structs.replace(config, recognizer=RecognizerConfig(hotwords_file="/house.txt"))
    return config, spelt


@pytest.mark.parametrize(
    ("kind", "paths", "int8"), [("transducer", 1, True), ("transducer", 4, False), ("ctc", 1, False)]
)
def test_it_makes_the_same_of_a_recording_as_ours_by_token_and_by_letter(kind: Kind, paths: int, int8: bool) -> None:
    config, _ = of(kind, paths, int8=int8)
    config = comparable(config, [SHERPA])
    own_words = [msgspec.json.encode(config).decode(), "whole"]
    samples = sound(5 * 16_000 + 77)
    with (
        ready_peers([SHERPA], config) as (peer,),
        DecoderProcess(peer.module, peer.words) as theirs,
        DecoderProcess("edge_asr.bench.own_decoder", own_words) as ours,
    ):
        assert theirs.decoders == (SHERPA, "sherpa-onnx, live")
        telephone = np.ascontiguousarray(samples[::2])
        for piece, rate_hz in ((samples, 16_000), (samples[: 16_000 + 1], 16_000), (telephone, 8000)):
            own, other = ours.decode("whole", piece, rate_hz), theirs.decode(SHERPA, piece, rate_hz)
            assert own.tokens is not None
            assert other.tokens is not None
            both = heard({"whole": own.tokens, SHERPA: other.tokens}, {"whole": own.text, SHERPA: other.text})
            assert same_tokens(both)
            assert same_text(both)
            assert len(own.tokens) >= 2
            assert other.cpu_s > 0


def test_another_family_and_hotwords_are_refused() -> None:
    kaldi = Config(models=ModelsConfig(bundle="nothing"))
    with pytest.raises(EdgeAsrError, match="there is no model 'nothing'"), ready_peers([SHERPA], kaldi):
        pass
    _, spelt = of("transducer", 1)
    with pytest.raises(EdgeAsrError, match=r"hotwords_file is set to '/house.txt'"), ready_peers([SHERPA], spelt):
        pass


@pytest.mark.bundle
def test_the_kaldi_bundle_is_refused_by_its_name() -> None:
    with (
        pytest.raises(EdgeAsrError, match=r"streaming zipformer, and the bundle 'en' is of the kind 'kaldi"),
        ready_peers([SHERPA], Config()),
    ):
        pass


def test_the_files_go_by_the_names_that_it_has_for_them() -> None:
    bundle = network("ctc").bundle
    options = options_of(bundle, 4)
    assert {name: Path(path).name for name, path in options.files.items()} == {
        "model": "network.onnx",
        "tokens": "tokens.txt",
    }
    assert options.is_ctc
    assert set(options_of(network("transducer").bundle, 1).files) == {"encoder", "decoder", "joiner", "tokens"}
    assert msgspec.json.decode(msgspec.json.encode(options), type=SherpaOptions) == options


def test_live_an_utterance_ends_and_the_next_begins_anew() -> None:
    config, _ = of("transducer", 1)
    options = msgspec.json.decode(_sherpa_options(config), type=SherpaOptions)
    recognizer = load_recognizer(options)
    stream, ends = recognizer.create_stream(), 0
    for _ in range(210):  # its last rule ends an utterance after 20 s, whatever a network of random weights makes of it
        stream.accept_waveform(16_000, np.zeros(1600, np.float32))
        while recognizer.is_ready(stream):
            recognizer.decode_stream(stream)
        if recognizer.is_endpoint(stream):
            ends += 1
            recognizer.reset(stream)
    assert ends == 1
