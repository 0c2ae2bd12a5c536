"""What the tests of the ears share."""

import pytest

from tests.audio.capture_room import Room


@pytest.fixture
def room() -> Room:
    return Room()
