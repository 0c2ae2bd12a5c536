"""The callback that takes samples from a device; the only file that knows sounddevice.

PortAudio as Debian builds it sees ALSA alone. A source of the sound server is reached through ALSA's `pulse` device
(libasound2-plugins), and PULSE_SOURCE says which one: libpulse reads it when the device is opened.
"""

import atexit
import contextlib
import importlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from edge_asr.audio.alsa import AlsaInput, card_id, usb_id
from edge_asr.audio.channels import Channel, to_mono
from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.deadline import DeadlineCaller, DeadlineError
from edge_asr.clock import Clock
from edge_asr.errors import CaptureError
from edge_asr.metrics import Metrics

PULSE_DEVICE = "pulse"
_LIBRARY = "sounddevice"
_OPEN_DEADLINE_S = 5.0
_LIST_DEADLINE_S = 5.0
_MAX_HUNG_CALLS = 3
_NO_START = "PortAudio does not start: {}; look at the sound cards with arecord -l"
_NO_PULSE = "ALSA has no 'pulse' device, the way to the sound server; sudo apt install libasound2-plugins"
_HARDWARE = re.compile(r"^(?P<description>.*?)(: [^:]*)? \(hw:(?P<card>\d+),(?P<device>\d+)\)$")


class UnfitError(CaptureError):
    """PortAudio itself is missing, or its way to the sound server: trying again brings nothing."""


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What to open, and how."""

    device_name: str  # PortAudio's; PULSE_DEVICE for a source of the sound server
    environment: dict[str, str]  # what libpulse shall read while it opens
    stream_id: str
    sample_rate_hz: int
    channels: int
    channel: Channel
    chunk_samples: int


class PortAudio:
    """The library, loaded when it is first needed. One thread at a time; one per process.

    Loading, listing, opening and closing may hang (a silent sound server, a USB device that has lost its power), so
    each is made within a deadline. Raises CaptureError; TooManyHungCallsError when more than three calls are hung.
    """

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._caller = DeadlineCaller(_MAX_HUNG_CALLS)
        self._library: Any = None
        self._open_streams = 0

    def inputs(self) -> list[AlsaInput]:
        """Every device that can capture, freshly looked up when nothing is open."""
        found: list[AlsaInput] = self._call("listing ALSA devices", _LIST_DEADLINE_S, self._list, None)
        return found

    def open(self, request: StreamRequest, deliver: Callable[[AudioChunk], None]) -> "PortAudioStream":
        """Open and start. `deliver` is called in PortAudio's thread with each chunk; it must not block or raise."""
        stream = PortAudioStream(self, request, deliver)
        try:
            self._call(
                f"opening '{request.device_name}'",
                _OPEN_DEADLINE_S,
                lambda: self._open(request, stream),
                lambda _: stream.close_now(),
            )
        except DeadlineError:
            stream.detach()  # it may still open, and deliver until it is closed
            raise
        self._open_streams += 1
        return stream

    def close(self, stream: "PortAudioStream", deadline_s: float) -> bool:
        """Close; False when the driver hung and the stream was left behind, counted."""
        try:
            self._call("closing the microphone", deadline_s, stream.close_now, None)
        except DeadlineError:
            return False
        finally:
            self._open_streams -= 1
        return True

    @property
    def hangs(self) -> bool:
        """Whether a call was left behind and has not returned."""
        return self._caller.hung > 0

    @property
    def clock(self) -> Clock:
        """For the stamp of each chunk."""
        return self._clock

    def lost(self, seconds: float) -> None:
        """Count audio that the driver threw away."""
        self._metrics.audio_dropped_seconds.labels(reason="overflow").inc(seconds)

    def _call(
        self, what: str, deadline_s: float, function: Callable[[], Any], on_late: Callable[[Any], None] | None
    ) -> Any:
        try:
            return self._caller.call(what, deadline_s, function, on_late)
        except DeadlineError:
            self._metrics.close_timeouts.inc()
            raise

    def _loaded(self) -> Any:
        """sounddevice, with a device list of this moment when no stream would suffer from that."""
        loaded_now = _LIBRARY not in sys.modules
        if self._library is None:
            try:
                self._library = importlib.import_module(_LIBRARY)
            except OSError:
                raise UnfitError("PortAudio is not installed; sudo apt install libportaudio2") from None
            except Exception as error:  # noqa: BLE001 - its own class has no name before it is loaded
                raise UnfitError(
                    f"PortAudio does not start: {error}; look at the sound cards with arecord -l"
                ) from None
            # Its exit handler closes what is open, and waits for ever for a driver that hangs.
            atexit.unregister(self._library._exit_handler)  # noqa: SLF001 - there is no public way
        if not loaded_now and self._open_streams == 0 and self._caller.hung == 0:
            self._look_again(self._library)
        return self._library

    def _look_again(self, library: Any) -> None:
        """PortAudio lists the devices once, when it is initialised: what was plugged in since is not there yet."""
        try:
            while library._initialized:  # noqa: SLF001 - the documented way, and it has no public name
                library._terminate()  # noqa: SLF001
            library._initialize()  # noqa: SLF001
        except library.PortAudioError as error:
            raise UnfitError(_NO_START.format(error)) from None

    def _list(self) -> list[AlsaInput]:
        return [_input(device) for device in self._loaded().query_devices() if device["max_input_channels"] > 0]

    def _open(self, request: StreamRequest, stream: "PortAudioStream") -> None:
        with _environment(request.environment):
            library = self._loaded()
            indices = [
                device["index"]
                for device in library.query_devices()
                if device["name"] == request.device_name and device["max_input_channels"] > 0
            ]
            if not indices:
                raise _missing(request.device_name)
            try:
                raw = library.RawInputStream(
                    samplerate=request.sample_rate_hz,
                    blocksize=request.chunk_samples,
                    device=indices[0],
                    channels=request.channels,
                    dtype="int16",
                    callback=stream.on_samples,
                    finished_callback=stream.on_finished,
                )
            except (library.PortAudioError, ValueError) as error:
                raise CaptureError(_refused(request, error)) from None
            stream.attach(raw)
            try:
                raw.start()
            except library.PortAudioError as error:
                stream.close_now()
                raise CaptureError(_refused(request, error)) from None


class PortAudioStream:
    """One opening. `on_samples` and `on_finished` run in PortAudio's thread, all else in the capture thread."""

    def __init__(self, owner: PortAudio, request: StreamRequest, deliver: Callable[[AudioChunk], None]) -> None:
        self._owner = owner
        self._request = request
        self._deliver = deliver
        self._monotonic_ns = owner.clock.monotonic_ns
        self._next_sample = 0
        self._raw: Any = None
        self._detached = False
        self._finished = False
        self.last_chunk_ns: int | None = None  # monotonic; None before the first chunk
        self.wake: Callable[[], None] = lambda: None  # called when the stream has ended by itself

    def attach(self, raw: Any) -> None:
        """Take the opened stream of sounddevice."""
        self._raw = raw

    @property
    def active(self) -> bool:
        """Whether PortAudio means to go on. True proves nothing: see `last_chunk_ns`."""
        return not self._finished and self._raw is not None

    @property
    def why_ended(self) -> str:
        """PortAudio does not say."""
        return ""

    def on_samples(self, block: Any, _frames: int, _time: Any, status: Any) -> None:
        """Copy, pick the channel, stamp, hand on."""
        if self._detached:
            return
        now_ns = self._monotonic_ns()
        request = self._request
        if status.input_overflow and self.last_chunk_ns is not None:
            # How much is missing is not told. One chunk is a guess; what matters is that the reader sees a gap.
            self._next_sample += request.chunk_samples
            self._owner.lost(request.chunk_samples / request.sample_rate_hz)
        samples = to_mono(np.frombuffer(block, np.int16), request.channels, request.channel)
        chunk = AudioChunk(request.stream_id, self._next_sample, samples, request.sample_rate_hz, now_ns)
        self._next_sample = chunk.end_sample
        self.last_chunk_ns = now_ns
        self._deliver(chunk)

    def on_finished(self) -> None:
        """The server or the device ended the stream."""
        self._finished = True
        self.wake()

    def detach(self) -> None:
        """Deliver nothing from now on, whatever the driver does later."""
        self._detached = True

    def close_now(self) -> None:
        """Close without a deadline. `stop()` would wait for samples that never come; `abort()` does not."""
        self.detach()
        raw = self._raw
        if raw is not None:
            raw.abort(ignore_errors=True)
            raw.close(ignore_errors=True)


def _input(device: dict[str, Any]) -> AlsaInput:
    name = str(device["name"])
    hardware = _HARDWARE.match(name)
    card = hardware["card"] if hardware else ""
    stable_id = (card_id(card) or f"card{card}") if hardware else name
    if hardware and hardware["device"] != "0":
        stable_id += f",{hardware['device']}"
    return AlsaInput(
        device_name=name,
        stable_id=stable_id,
        description=hardware["description"] if hardware else name,
        usb_id=usb_id(card),
        is_hardware=hardware is not None,
        sample_rate_hz=int(device["default_samplerate"]),
        channels=int(device["max_input_channels"]),
    )


def _missing(device_name: str) -> CaptureError:
    if device_name == PULSE_DEVICE:
        return UnfitError(
            "ALSA has no 'pulse' device, the way to the sound server; sudo apt install libasound2-plugins"
        )
    return CaptureError(f"the ALSA device '{device_name}' is not there any more")


def _refused(request: StreamRequest, error: Exception) -> str:
    what = request.environment.get("PULSE_SOURCE", request.device_name)
    words = " ".join(str(part) for part in error.args[:1]) or type(error).__name__
    detail = error.args[2][2] if len(error.args) > 2 else ""
    shape = f"{request.sample_rate_hz} Hz, {request.channels} channel(s)"
    return f"'{what}' cannot be opened at {shape}: {words}{f' ({detail})' if detail else ''}; is it in use elsewhere?"


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Set variables for the time of a call; libpulse has no other ear in this place."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
