"""In each image the daemon hears the microphone of its host, through a socket, and publishes what was said."""

import pytest

from edge_asr.demo.sample import sample
from tests.system.images.conftest import Home
from tests.system.images.container import ARCHITECTURES, Container
from tests.waiting import wait_until

CLEAR = "he might even have been made amiable himself"
# An emulated machine is slow, and no word may be lost to that.
PATIENT = ("overload.partials_lag_s=50", "overload.flush_lag_s=100", "audio.ring_s=120", "ladder.enabled=false")
_READY_S = 240.0
_FINAL_S = 90.0


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_is_said_on_the_host_is_published_from_the_container(home: Home, architecture: str) -> None:
    """The text is the same on every architecture."""
    with Container(architecture, home.flags(), home.command(*PATIENT)):
        wait_until(lambda: home.listener.state() == "listening", _READY_S, "listening")
        assert home.server.play(sample()[4]).wait(60) == 0
        wait_until(lambda: home.listener.texts() != [], _FINAL_S, "the sentence")
        assert home.listener.texts() == [CLEAR]
        assert home.listener.of("final")[0].body["end_reason"] == "silence"
