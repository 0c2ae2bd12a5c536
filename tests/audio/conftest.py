"""What the tests of the ears share."""

from pathlib import Path

import pytest

from tests.audio import tiny_silero
from tests.audio.capture_room import Room


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice detector's network that hears how loud it is."""
    path = tmp_path_factory.mktemp("silero") / "vad.onnx"
    path.write_bytes(tiny_silero.network())
    return path
