"""What PulseAudio, or PipeWire in its clothes, says of its sources; the only file that knows pulsectl.

Audio does not come this way, see portaudio.py. Here are names, and the one thing that PortAudio cannot know: that the
server has silently moved our stream to another source.
"""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

try:
    import pulsectl
except OSError:  # it loads libpulse when it is imported
    pulsectl = None

from edge_asr.audio.alsa import card_id
from edge_asr.audio.deadline import DeadlineCaller, DeadlineError, TooManyHungCallsError
from edge_asr.errors import CaptureError

T = TypeVar("T")

STREAM_PROPERTY = "edge_asr.stream_id"
_DEADLINE_S = 2.5
_LISTEN_S = 1.0
_RECONNECT_S = 1.0
# The second is not a kind of the first.
_FAULTS = () if pulsectl is None else (pulsectl.PulseError, pulsectl.PulseDisconnected)
_NO_INDEX = 0xFFFFFFFF  # PA_INVALID_INDEX: a source that is no sink's monitor


@dataclass(frozen=True, slots=True)
class PulseSource:
    """One source of the sound server."""

    name: str
    description: str
    is_monitor: bool
    is_muted: bool
    sample_rate_hz: int
    channels: int
    usb_id: str  # "vendor:product:serial" as far as known, or empty
    alsa_card_id: str  # or empty
    volume: float = 1.0  # 1.0 is what the hardware gives


@dataclass(frozen=True, slots=True)
class PulseSurvey:
    """What the server has, at one moment."""

    sources: tuple[PulseSource, ...]
    default_source: str


class SilentServerError(CaptureError):
    """The sound server is there and says nothing: every other call that meets it would hang too."""


def server_address() -> str:
    """Where clients look for the sound server, for a person to read."""
    folder = os.environ.get("PULSE_RUNTIME_PATH")
    if folder is None:
        folder = f"{os.environ.get('XDG_RUNTIME_DIR') or f'/run/user/{os.getuid()}'}/pulse"
    return os.environ.get("PULSE_SERVER") or f"unix:{Path(folder) / 'native'}"


class SoundServer:
    """One connection that asks; it mends itself after a restart of the server. One thread at a time.

    Every method raises CaptureError when the server is not there, or does not answer within 2.5 s (one that is
    stopped with SIGSTOP accepts connections and is silent).
    """

    def __init__(self, on_recovery: Callable[[], None] | None = None) -> None:
        # One silent call is enough to know; another one is made when it has come back, which `on_recovery` tells.
        self._caller = DeadlineCaller(max_hung=0, on_return=on_recovery)
        self._connection: Any = None

    def survey(self) -> PulseSurvey:
        """All sources and the default one."""
        return self._ask(_survey)

    def identity(self) -> str:
        """Name and version of the server, as it gives them itself."""
        return self._ask(_identity)

    def source_of_stream(self, stream_id: str) -> str | None:
        """Name of the source that feeds our stream now; None when the server has no such stream."""
        return self._ask(lambda pulse: _source_of_stream(pulse, stream_id))

    def volume(self, source: str) -> float:
        """Volume of a source, of its loudest channel; 1.0 is what the hardware gives. CaptureError: it is gone."""
        return self._ask(lambda pulse: _volume(pulse, source))

    def set_volume(self, source: str, volume: float) -> float:
        """Set the volume of all channels of a source, and read it back: what the server made of it."""

        def change(pulse: Any) -> float:
            pulse.volume_set_all_chans(_source_named(pulse, source), volume)
            return _volume(pulse, source)

        return self._ask(change)

    def close(self) -> None:
        """Let the connection go."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ask(self, question: Callable[[Any], T]) -> T:
        if pulsectl is None:
            raise CaptureError("libpulse, the way to a sound server, is not installed; sudo apt install libpulse0")
        connection, self._connection = self._connection, None

        def connected() -> tuple[Any, T]:
            pulse = connection if connection is not None else pulsectl.Pulse("edge_asr", connect=False)
            try:
                if not pulse.connected:
                    pulse.connect()  # with its `timeout` pulsectl waits the whole of it, even when all is well
                return pulse, question(pulse)
            except BaseException:
                pulse.close()
                raise

        try:
            pulse, answer = self._caller.call("the sound server", _DEADLINE_S, connected, on_late=_close)
        except (DeadlineError, TooManyHungCallsError):
            raise SilentServerError(
                f"the sound server at {server_address()} does not answer; if this lasts, restart it"
            ) from None
        except _FAULTS as error:
            if connection is not None:  # it was made before the server restarted; a fresh one may do
                return self._ask(question)
            why = str(error) or type(error).__name__
            raise CaptureError(f"no sound server at {server_address()} ({why}); start PulseAudio or PipeWire") from None
        self._connection = pulse
        return answer


class PulseWatcher:
    """Says when it is worth asking again, without asking all the time.

    `on_change(sources_changed)` is called in the watcher's own thread, and must be quick: with True when a source came
    or went, the default changed, or the server itself came or went; with False for all the rest (our stream moved,
    somebody turned a volume).
    """

    def __init__(self, on_change: Callable[[bool], None]) -> None:
        self._on_change = on_change
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse watcher", daemon=True)

    def start(self) -> None:
        """Begin to watch; a server that is not there yet is waited for."""
        if pulsectl is not None:
            self._thread.start()

    def stop(self) -> None:
        """Ask it to end. It is not waited for: a silent server may hold it, and then it ends with the process."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._watch()
            except _FAULTS:
                self._stopped.wait(_RECONNECT_S)

    def _watch(self) -> None:
        """Listen until the connection ends, which it tells by one of _FAULTS."""
        pulse = pulsectl.Pulse("edge_asr watcher", connect=False)
        try:
            pulse.connect()
            pulse.event_mask_set("source", "source_output", "server")
            pulse.event_callback_set(self._heard)
            self._on_change(True)
            try:
                while not self._stopped.is_set():
                    pulse.event_listen(timeout=_LISTEN_S)
            finally:
                if not self._stopped.is_set():
                    self._on_change(True)
        finally:
            pulse.close()

    def _heard(self, event: Any) -> None:
        appeared = event.facility == "source" and event.t in ("new", "remove")
        if not self._stopped.is_set():
            self._on_change(appeared or event.facility == "server")


def _close(result: tuple[Any, object]) -> None:
    result[0].close()


def _identity(pulse: Any) -> str:
    info = pulse.server_info()
    return f"{info.server_name} {info.server_version}"


def _survey(pulse: Any) -> PulseSurvey:
    cards = {card.index: card.proplist for card in pulse.card_list()}
    sources = tuple(_source(info, cards.get(info.card, {})) for info in pulse.source_list())
    return PulseSurvey(sources, pulse.server_info().default_source_name or "")


def _source(info: Any, card: dict[str, str]) -> PulseSource:
    known = {**card, **info.proplist}
    usb = (known.get("device.vendor.id", ""), known.get("device.product.id", ""), known.get("device.serial", ""))
    is_usb = known.get("device.bus", "") == "usb"
    return PulseSource(
        name=info.name,
        description=info.description or info.name,
        is_monitor=info.monitor_of_sink != _NO_INDEX,
        is_muted=bool(info.mute),
        sample_rate_hz=int(info.sample_spec.rate),
        channels=int(info.channel_count),
        usb_id=":".join(part for part in usb if part) if is_usb else "",
        alsa_card_id=card_id(known.get("alsa.card", "")),
        volume=float(info.volume.value_flat),
    )


def _source_named(pulse: Any, name: str) -> Any:
    for source in pulse.source_list():
        if source.name == name:
            return source
    raise CaptureError(f"'pulse:{name}' is gone")


def _volume(pulse: Any, name: str) -> float:
    return float(max(_source_named(pulse, name).volume.values))


def _source_of_stream(pulse: Any, stream_id: str) -> str | None:
    # By our own mark and not by the process alone: a stream whose closing hangs belongs to the same process.
    for output in pulse.source_output_list():
        if output.proplist.get(STREAM_PROPERTY) == stream_id:
            names = [source.name for source in pulse.source_list() if source.index == output.source]
            return names[0] if names else None
    return None
