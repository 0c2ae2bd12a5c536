"""The peer's model folder: the very archive that the bundle was made of, unpacked as it was published."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_asr.asr.catalogue import find
from edge_asr.bench.published_model import published_model
from edge_asr.config import Config
from edge_asr.errors import ModelError
from edge_asr.settings import model_folder
from edge_asr_export.kaldi_folder import MEMBERS

_MEMBERS = (*MEMBERS, "ivector/online_cmvn.conf")  # vosk reads its options too


@contextmanager
def peer_model(config: Config) -> Iterator[Path]:
    """Folder of vosk's model with the weights of the configured bundle, removed at the end. Raises ModelError."""
    try:
        entry = find(config.models.bundle)
    except ModelError as error:
        raise ModelError(f"{error}; the peer has no weights to compare with, leave it out: --peer none") from None
    with published_model(entry, _MEMBERS, model_folder(config), "the peer's model") as folder:
        yield folder
