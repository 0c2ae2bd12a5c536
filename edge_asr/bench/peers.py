"""Recognizers of others that ours is measured beside, each in a process of its own."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import msgspec

from edge_asr.asr.bundle import Bundle, load_bundle
from edge_asr.asr.manifest import ZipformerManifest
from edge_asr.bench.extra import require
from edge_asr.bench.sherpa_decoder import options_of
from edge_asr.config import Config
from edge_asr.errors import EdgeAsrError
from edge_asr.settings import model_folder

VOSK, POCKETSPHINX, MOONSHINE, SHERPA = "vosk", "pocketsphinx", "moonshine-voice", "sherpa-onnx"
PEERS = (VOSK, POCKETSPHINX, MOONSHINE, SHERPA)
_MODULES = {
    VOSK: ("peer_decoder", "vosk_listener"),
    POCKETSPHINX: ("pocketsphinx_decoder", "pocketsphinx_listener"),
    MOONSHINE: ("moonshine_decoder", "moonshine_listener"),
    SHERPA: ("sherpa_decoder", "sherpa_listener"),
}
_ENGLISH_ALONE = (POCKETSPHINX, MOONSHINE)


@dataclass(frozen=True, slots=True)
class Peer:
    """A child that calls `decoder_loop.serve` with a decoder of this name: `python -m module words...`.

    listener: of the same peer, a child that calls `listener_loop.listen`: `python -m listener source words...`.
    """

    name: str
    module: str
    words: Sequence[str] = ()
    listener: str = ""


def check_peers(names: Sequence[str], language: str) -> None:
    """Raise EdgeAsrError when a peer is not installed, or does not know the language."""
    for name in names:
        require(name.replace("-", "_"))
        if name in _ENGLISH_ALONE and language.replace("_", "-").split("-")[0].lower() != "en":
            raise EdgeAsrError(f"--peer {name}: its wheel knows English alone, the bundle speaks {language!r}")


def comparable(config: Config, names: Sequence[str]) -> Config:
    """The configuration to measure ours with: without a second pass beside sherpa-onnx, which runs the first alone."""
    if SHERPA not in names:
        return config
    return msgspec.structs.replace(config, second_pass=msgspec.structs.replace(config.second_pass, enabled=False))


@contextmanager
def ready_peers(names: Sequence[str], config: Config) -> Iterator[list[Peer]]:
    """What each peer needs on the disk, removed at the end. Raises EdgeAsrError when it has no model for it."""
    with ExitStack() as stack:
        found = []
        for name in names:
            words: Sequence[str] = ()
            if name == VOSK:
                from edge_asr.bench.peer_model import peer_model  # noqa: PLC0415 - needs the builder of models

                words = [str(stack.enter_context(peer_model(config)))]
            elif name == SHERPA:
                words = [_sherpa_options(config)]
            decoder, listener = (f"edge_asr.bench.{module}" for module in _MODULES[name])
            found.append(Peer(name, decoder, words, listener))
        yield found


def _sherpa_options(config: Config) -> str:
    bundle = load_bundle(model_folder(config), config.models.bundle)
    manifest = bundle.manifest
    if not isinstance(manifest, ZipformerManifest):
        raise EdgeAsrError(
            f"--peer {SHERPA} runs the files of a streaming zipformer, and the bundle {manifest.name!r} is of the kind "
            f"{manifest.__struct_config__.tag!r}; choose one with --set models.bundle=NAME, or leave the peer out"
        )
    if config.recognizer.hotwords_file is not None:
        raise EdgeAsrError(
            f"--peer {SHERPA}: recognizer.hotwords_file is set to {config.recognizer.hotwords_file!r}, which it would "
            "spell by other means; leave the setting or the peer out"
        )
    options = options_of(Bundle(bundle.folder, manifest), config.recognizer.paths or 1)
    return msgspec.json.encode(options).decode()
