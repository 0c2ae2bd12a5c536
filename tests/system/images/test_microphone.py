"""In each image the daemon hears the microphone of its host, through a socket, and publishes what was said."""

import pytest

from tests.pipewire_server import missing
from tests.system.images.conftest import CLEAR, Home
from tests.system.images.container import ARCHITECTURES, IMAGE, OWN, Container, engine, once
from tests.waiting import wait_until

# An emulated machine is slow, and no word may be lost to that.
PATIENT = ("overload.partials_lag_s=50", "overload.flush_lag_s=100", "audio.ring_s=120", "ladder.enabled=false")
_READY_S = 240.0
_FINAL_S = 90.0


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_is_said_on_the_host_is_published_from_the_container(home: Home, architecture: str) -> None:
    """The text is the same on every architecture."""
    with Container(architecture, home.flags(), home.command(*PATIENT)):
        home.until_listening(_READY_S)
        assert home.hears(_FINAL_S) == CLEAR
        assert home.listener.texts() == [CLEAR]
        assert home.listener.of("final")[0].body["end_reason"] == "silence"


@pytest.mark.skipif(missing() != "", reason=f"PipeWire is not installed: {missing()}")
@pytest.mark.parametrize("home", ["pipewire"], indirect=True)
def test_pipewire_is_heard_through_its_socket(home: Home) -> None:
    with Container(OWN, home.flags(), home.command()):
        home.until_listening()
        assert home.hears() == CLEAR


def test_a_server_that_asks_for_its_cookie_is_heard_by_who_shows_it(home: Home) -> None:
    folder = home.socket.parent
    cookie, socket = folder / "cookie", folder / "guarded"
    home.server.pactl(
        "load-module", "module-native-protocol-unix", f"socket={socket}", "auth-anonymous=0", f"auth-cookie={cookie}"
    )
    cookie.chmod(0o644)  # as the user of the container sees it, whose own it would be
    sound = ["-v", f"{socket}:/run/pulse/native"]
    refused = once(OWN, "doctor", flags=[*sound, *home.rest()])
    assert "it refuses us" in refused.out
    assert "-v ~/.config/pulse/cookie:/run/pulse/cookie:ro" in refused.out
    with Container(OWN, [*sound, "-v", f"{cookie}:/run/pulse/cookie:ro", *home.rest()], home.command()):
        home.until_listening()
        assert home.hears() == CLEAR


def test_the_microphone_is_heard_again_after_the_server_was_restarted(home: Home) -> None:
    """Its folder is mounted in place of the socket, which the new server makes anew."""
    folder = home.socket.parent
    folder.chmod(0o755)  # root's server here; a user's own container runs as that user
    flags = ["-v", f"{folder}:/run/pulse:ro", *home.rest()]
    with Container(OWN, flags, home.command()):
        home.until_listening()
        home.server.kill()
        wait_until(lambda: home.listener.state() == "degraded", 20, "degraded")
        home.server.start()
        home.until_listening()
        assert home.hears() == CLEAR


def test_both_are_joined_in_one_list() -> None:
    done = engine("manifest", "inspect", f"{IMAGE}:latest")
    assert done.returncode == 0, done.stderr
    assert sorted(ARCHITECTURES) == sorted(
        line.split('"')[3] for line in done.stdout.splitlines() if '"architecture"' in line
    )
