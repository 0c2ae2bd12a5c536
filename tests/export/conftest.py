"""One tiny model for all tests, and a package index that is a folder."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_asr.asr.catalogue import CatalogueEntry
from tests.export.tiny_model import write_model, write_wheel


@dataclass(frozen=True)
class Published:
    """The model's folder, the folder of its wheel, and its entry."""

    model: Path
    index: Path
    entry: CatalogueEntry


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("published")
    write_model(folder / "model")
    return Published(folder / "model", folder / "index", write_wheel(folder / "model", folder / "index"))


@pytest.fixture
def index(published: Published, monkeypatch: pytest.MonkeyPatch) -> Published:
    """pip sees the folder and no network."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(published.index))
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    return published


class Quiet:
    """Progress that keeps what it is told."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.notes: list[str] = []

    def start(self, step: str) -> None:
        self.steps.append(step)

    def advance(self, fraction: float) -> None:
        pass

    def tick(self) -> None:
        pass

    def note(self, text: str) -> None:
        self.notes.append(text)

    def close(self) -> None:
        pass


@pytest.fixture
def quiet() -> Quiet:
    return Quiet()
