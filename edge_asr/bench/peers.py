"""Recognizers of others that accuracy is measured beside, each in a process of its own."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from edge_asr.bench.extra import require
from edge_asr.config import Config
from edge_asr.errors import EdgeAsrError

VOSK, POCKETSPHINX = "vosk", "pocketsphinx"
PEERS = (VOSK, POCKETSPHINX)


@dataclass(frozen=True, slots=True)
class Peer:
    """A child that calls `decoder_loop.serve` with a decoder of this name: `python -m module words...`."""

    name: str
    module: str
    words: Sequence[str] = ()


def check_peers(names: Sequence[str], language: str) -> None:
    """Raise EdgeAsrError when a peer is not installed, or does not know the language."""
    for name in names:
        require(name)
    if POCKETSPHINX in names and language.replace("_", "-").split("-")[0].lower() != "en":
        raise EdgeAsrError(f"--peer {POCKETSPHINX}: its wheel knows English alone, the bundle speaks {language!r}")


@contextmanager
def ready_peers(names: Sequence[str], config: Config) -> Iterator[list[Peer]]:
    """What each peer needs on the disk, removed at the end. Raises ModelError."""
    with ExitStack() as stack:
        found = []
        for name in names:
            if name == VOSK:
                from edge_asr.bench.peer_model import peer_model  # noqa: PLC0415 - needs the builder of models

                folder = stack.enter_context(peer_model(config))
                found.append(Peer(VOSK, "edge_asr.bench.peer_decoder", [str(folder)]))
            else:
                found.append(Peer(POCKETSPHINX, "edge_asr.bench.pocketsphinx_decoder"))
        yield found
