"""What can happen to a microphone, done to a real sound server. Each fault is injected, lasts, and is mended."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

MIC = "usb_mic"


class Room(Protocol):
    """A sound server with the virtual microphone, in which it hisses."""

    def pactl(self, *words: str) -> str: ...
    def start(self) -> None: ...
    def kill(self) -> None: ...
    def suspend(self) -> None: ...
    def resume(self) -> None: ...
    def load_microphone(self) -> None: ...
    def unload_microphone(self) -> None: ...


@dataclass(frozen=True)
class Fault:
    """`inject` makes it, `mend` brings the microphone back; it is there again when that returns."""

    name: str
    inject: Callable[[Room], None]
    mend: Callable[[Room], None]
    lasts_s: tuple[float, float] = (0.5, 8.0)
    new_stream: bool = True  # whether what comes afterwards has to be another opening


def listeners(room: Room) -> list[str]:
    """Streams that listen to the microphone."""
    outputs = [line.split() for line in room.pactl("list", "short", "source-outputs").splitlines()]
    sources = {words[1]: words[0] for words in map(str.split, room.pactl("list", "short", "sources").splitlines())}
    return [words[0] for words in outputs if words[1] == sources.get(MIC)]


def _nothing(_: Room) -> None: ...


def _killed(room: Room) -> None:
    room.kill()


def _moved(room: Room) -> None:
    """Somebody sends our stream to another source; the microphone stays where it is."""
    for output in listeners(room):
        room.pactl("move-source-output", output, "feed.monitor")


def _suspended(room: Room) -> None:
    room.pactl("suspend-source", MIC, "1")


def _woken(room: Room) -> None:
    room.pactl("suspend-source", MIC, "0")


def _muted(room: Room) -> None:
    room.pactl("set-source-mute", MIC, "1")


def _unmuted(room: Room) -> None:
    room.pactl("set-source-mute", MIC, "0")


def _at_another_rate(room: Room) -> None:
    rate = random.choice(("44100", "48000", "16000"))  # noqa: S311 - seeded by the run
    words = f"source_name={MIC} master=feed.monitor rate={rate} channels={random.choice('12')}"  # noqa: S311
    room.pactl(
        "load-module", "module-remap-source", *words.split(), "source_properties=device.description=Virtual_USB_Mic"
    )


FAULTS = (
    Fault("server killed", _killed, lambda room: room.start()),
    Fault("server stopped in its tracks", lambda room: room.suspend(), lambda room: room.resume(), new_stream=False),
    Fault("microphone pulled out", lambda room: room.unload_microphone(), lambda room: room.load_microphone()),
    Fault("moved to another source", _moved, _nothing, lasts_s=(0.0, 0.0)),
    Fault("suspended", _suspended, _woken, new_stream=False),
    Fault("another rate", lambda room: room.unload_microphone(), _at_another_rate, lasts_s=(0.2, 3.0)),
    Fault("digital silence", _muted, _unmuted, lasts_s=(0.5, 12.0), new_stream=False),
    Fault("process restarted while the server is away", _killed, lambda room: room.start(), lasts_s=(1.0, 6.0)),
)
RESTARTED = FAULTS[-1].name
MOVED = "moved to another source"


def lasting(fault: Fault, dice: random.Random) -> None:
    """Wait as long as this fault lasts this time."""
    time.sleep(dice.uniform(*fault.lasts_s))
