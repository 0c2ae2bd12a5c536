"""How much memory the configured models take, and what would take less."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from edge_asr.asr.bundle import Bundle, load_bundle
from edge_asr.asr.manifest import KaldiManifest, Manifest
from edge_asr.config import Config
from edge_asr.errors import ConfigError, ModelError, TooBigError
from edge_asr.listening_for import wants_commands
from edge_asr.memory_limit import MemoryLimit, memory_limit
from edge_asr.second_pass_choice import second_pass_bundle, wanted_bundle
from edge_asr.settings import model_folder

log = logging.getLogger(__name__)

_MB = 1_000_000
# Measured under limits of a cgroup: with "en" alone it is killed at 64 MiB and lives at 96 (its graph's pages are those
# of a file, which the kernel takes back); with moonshine-tiny-en (43 MB) behind it, killed at 160 and alive at 200.
_KALDI_BYTES = 110 * _MB
_FOR_EACH_BYTE = 3  # of another network: weights, their copy in another order, what a run needs


def memory_need_bytes(config: Config) -> int:
    """Bytes that cannot be taken back once the configured models are in use; of what is not installed nothing is known.

    Raises ModelError when the first one is not there.
    """
    first = load_bundle(model_folder(config), config.models.bundle)
    second = _second(config, first.manifest)
    return _KALDI_BYTES + _more(first) + (0 if second is None else _more(second))


def what_takes_less(config: Config) -> str:
    """A fix for who has too little memory: a setting, or more of it."""
    first = load_bundle(model_folder(config), config.models.bundle).manifest
    if _second(config, first) is not None:
        without = " and commands.second_opinion = false" if _weighs(config) else ""
        return f"set second_pass.enabled = false{without}, or give it more memory"
    if not isinstance(first, KaldiManifest):
        return 'set models.bundle = "en" or another Kaldi model, which takes least, or give it more memory'
    return "give it more memory: no model takes less than this one"


def too_little(config: Config, limit: MemoryLimit) -> str | None:
    """What to say when the models do not fit into a limit, None when they do. Raises ModelError."""
    need = memory_need_bytes(config)
    if need <= limit.limit_bytes:
        return None
    return f"its memory is limited to {limit.limit_bytes // _MB} MB, the models want about {need // _MB} MB"


def warn_of_memory(config: Config, limit: MemoryLimit | None = None) -> None:
    """Say so before they are loaded: the kernel kills without a word who goes beyond the limit."""
    limit = limit or memory_limit()
    try:
        if limit is not None and (said := too_little(config, limit)):
            log.warning("%s: the kernel may kill the daemon while it loads them; %s", said, what_takes_less(config))
    except (ModelError, ConfigError):
        return  # loading tells


@contextmanager
def fitting(config: Config, bundle: Bundle[Any]) -> Iterator[None]:
    """Load a bundle within it: too little memory becomes a ModelError that names what takes less."""
    try:
        yield
    except (MemoryError, TooBigError) as error:
        said = str(error) if isinstance(error, TooBigError) else f"there is not enough memory to load {bundle.folder}"
        raise TooBigError(f"{said}; {what_takes_less(config)}") from error


def _second(config: Config, first: Manifest) -> Bundle[Manifest] | None:
    """The model that rewrites, or that is loaded for commands alone: it is the same."""
    try:
        found = second_pass_bundle(config, first)
        if found is None and _weighs(config):
            found = wanted_bundle(config, first, "commands.second_opinion = false")
    except (ModelError, ConfigError):
        return None
    return found


def _weighs(config: Config) -> bool:
    """Whether it is loaded for commands, whoever else wants it."""
    return config.commands.second_opinion is True and wants_commands(config.commands)


def _more(bundle: Bundle[Manifest]) -> int:
    """Bytes beyond the program with a Kaldi model."""
    if isinstance(bundle.manifest, KaldiManifest):
        return 0
    return _FOR_EACH_BYTE * sum(file.bytes for file in bundle.manifest.files.values())
