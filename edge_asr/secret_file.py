"""Secrets come from files: never from the configuration itself, a command line or a log."""

import logging
import os
import stat
from pathlib import Path

from edge_asr.errors import ConfigError

log = logging.getLogger(__name__)
_LIMIT_BYTES = 64 * 1024


def expand(path: str, key: str) -> Path:
    """Path of a setting with `~` expanded; raises ConfigError."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ConfigError(f"{key} = {path!r}: there is no such home directory, write the whole path") from None


def secret_path(path: str, key: str) -> Path:
    """Where a secret lies: a relative path is looked for in systemd's $CREDENTIALS_DIRECTORY first."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and not Path(path).is_absolute() and (Path(credentials) / path).exists():
        return Path(credentials) / path
    return expand(path, key)


def secret(path: str, key: str) -> str:
    """Secret in the file that the setting `key` names, without one trailing line end; raises ConfigError.

    The text of the error never holds what the file holds. A file that everyone may read is used, with a warning.
    """
    try:
        where = secret_path(path, key)
        status = where.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a directory" if stat.S_ISDIR(status.st_mode) else "not a plain file"
            raise ConfigError(f"{key}: {where} is {kind}, name the file that holds the secret")
        with where.open("rb") as file:
            raw = file.read(_LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        reason = error.strerror if isinstance(error, OSError) else "not a path"
        raise ConfigError(f"{key}: cannot read {path!r} ({reason}), make it readable for this user") from None
    if status.st_mode & stat.S_IROTH:
        log.warning("%s: everyone on this machine may read %s; chmod 600 it", key, where)
    return _text(raw, where, key)


def _text(raw: bytes, where: Path, key: str) -> str:
    body = raw.removesuffix(b"\n").removesuffix(b"\r")
    if not body.strip():
        raise ConfigError(f"{key}: {where} is empty, write the secret into it as one line")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if len(raw) > _LIMIT_BYTES or any(ord(character) < 32 and character != "\t" for character in text):
        raise ConfigError(f"{key}: {where} is not one line of UTF-8 text, write the secret alone into it")
    return text
