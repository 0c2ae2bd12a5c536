"""Settings for one test, and the one line that is said of them when they are wrong."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from edge_asr.errors import ConfigError
from edge_asr.settings import load


def written(folder: Path, text: str | bytes, name: str = "config.toml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def fault(
    overrides: list[str] | None = None, environment: Mapping[str, str] | None = None, path: Path | None = None
) -> str:
    with pytest.raises(ConfigError) as caught:
        load(None if path is None else str(path), overrides or [], environment or {})
    text = str(caught.value)
    assert "\n" not in text
    return text
