"""The peer's model folder: the very archive that the bundle was made of, unpacked as it was published."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_asr.asr.catalogue import find
from edge_asr.config import Config
from edge_asr.errors import ModelError
from edge_asr.settings import model_folder
from edge_asr_export.archive import cached_path, fetch_archive, unpack
from edge_asr_export.install import CACHE_FOLDER, locked
from edge_asr_export.kaldi_folder import MEMBERS
from edge_asr_export.progress import StepBar

_FETCH, _UNPACK = "fetch", "unpack"
_MEMBERS = (*MEMBERS, "ivector/online_cmvn.conf")  # vosk reads its options too


@contextmanager
def peer_model(config: Config) -> Iterator[Path]:
    """Folder of vosk's model with the weights of the configured bundle, removed at the end. Raises ModelError."""
    try:
        entry = find(config.models.bundle)
    except ModelError as error:
        raise ModelError(f"{error}; the peer has no weights to compare with, leave it out: --peer none") from None
    models_dir = model_folder(config)
    cache = models_dir / CACHE_FOLDER
    progress = StepBar("the peer's model", {_FETCH: 20.0, _UNPACK: 1.0})
    with tempfile.TemporaryDirectory(prefix="edge-asr-peer-") as folder:
        try:
            progress.start(_FETCH)
            if cached_path(entry, cache).is_file():
                archive = fetch_archive(entry, cache, progress)  # checked once more, and used
            else:
                with locked(models_dir):
                    archive = fetch_archive(entry, cache, progress)
            progress.start(_UNPACK)
            unpack(archive, entry.folder, _MEMBERS, Path(folder), progress)
        finally:
            progress.close()
        yield Path(folder)
