"""From the setting `audio.source` to an open microphone: the seam between capture and the sound libraries."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Protocol

from edge_asr.audio.alsa_listing import alsa_lister
from edge_asr.audio.alsa_watcher import AlsaWatcher
from edge_asr.audio.arecord import Probes
from edge_asr.audio.backend import Backends, Choice, Way
from edge_asr.audio.channels import Channel, channel_fault
from edge_asr.audio.child_stream import RawStream
from edge_asr.audio.children import Children
from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.deadline import TooManyHungCallsError
from edge_asr.audio.devices import Inventory, Microphone, choose
from edge_asr.audio.inventory import take_inventory
from edge_asr.audio.open_microphone import OpenMicrophone
from edge_asr.audio.portaudio import PULSE_DEVICE, PortAudio, PortAudioStream, StreamRequest
from edge_asr.audio.pulse import STREAM_PROPERTY, PulseWatcher, SoundServer
from edge_asr.audio.recorders import recorder_of
from edge_asr.clock import Clock
from edge_asr.config import CaptureBackend
from edge_asr.errors import CaptureError
from edge_asr.metrics import Metrics

Deliver = Callable[[AudioChunk], None]


class MicrophoneStream(Protocol):
    """One opening of a microphone."""

    @property
    def active(self) -> bool:
        """False when the stream has ended by itself."""
        ...

    @property
    def last_chunk_ns(self) -> int | None:
        """Monotonic time of the newest chunk, None before the first."""
        ...

    @property
    def why_ended(self) -> str:
        """Why it has ended by itself, one line; empty when that is not known."""
        ...

    def moved_to(self) -> str | None:
        """Name of the source that the sound server has put in place of ours; None when it is ours, or not known."""
        ...

    def gain(self) -> int | None:
        """Volume of the source in percent, 100 for what its hardware gives; None when it is not known."""
        ...

    def set_gain(self, percent: int) -> int:
        """Set it, and read back what it is now. Raises CaptureError where it cannot be set."""
        ...

    def close(self, deadline_s: float) -> None:
        """Close, or leave behind what hangs. Nothing is delivered afterwards."""
        ...


class Opener(Protocol):
    """What capture needs of the sound system. Called in the capture thread; raises CaptureError."""

    @property
    def hangs(self) -> bool:
        """Whether opening or closing a microphone was left behind and has not returned: one may still be open."""
        ...

    def let_pass(self) -> None:
        """It is muted: what would wait to be heard later goes by."""
        ...

    def choose(self) -> Microphone:
        """The microphone that is to be opened, as things are now."""
        ...

    def open(self, microphone: Microphone, stream_id: str, deliver: Deliver) -> MicrophoneStream:
        """Open it; chunks come from another thread."""
        ...

    def give_up(self) -> None:
        """Begin nothing more of the opening under way, up to the next `choose`: somebody has muted. Any thread."""
        ...

    def start(self, on_change: Callable[[bool], None]) -> None:
        """Watch the sound system: `on_change(True)` when microphones came or went, `on_change(False)` for the rest."""
        ...

    def stop(self) -> None:
        """Stop watching and let everything go."""
        ...


class SystemOpener:
    """The machine's own microphones, by the sound server or by ALSA; see `Backends` for who reads them."""

    def __init__(
        self,
        source: str,
        channel: Channel,
        chunk_ms: int,
        clock: Clock,
        metrics: Metrics,
        backend: CaptureBackend = "auto",
    ) -> None:
        self._source = source
        self._channel: Channel = channel
        self._chunk_ms = chunk_ms
        self._metrics = metrics
        self._backend = backend
        self._backends = Backends(backend)
        self._portaudio = PortAudio(clock, metrics)
        self._children = Children(clock, metrics)
        self._probes = Probes()
        self._server = SoundServer(on_recovery=lambda: self._wake(True))
        self._watchers: list[PulseWatcher | AlsaWatcher] = []
        self._wake: Callable[[bool], None] = lambda _: None
        self._through_server = source.startswith("pulse:")
        self._given_up = threading.Event()

    def start(self, on_change: Callable[[bool], None]) -> None:
        """Watch the sound server, unless the microphone is ALSA's anyway, and ALSA, unless it is the server's."""
        self._wake = on_change
        if not self._source.startswith("alsa:") and self._backend != "arecord":
            self._watchers.append(PulseWatcher(on_change))
        if not self._source.startswith("pulse:") and self._backend not in {"parec", "pw-record"}:
            self._watchers.append(AlsaWatcher(lambda: on_change(True)))
        for watcher in self._watchers:
            watcher.start()

    def stop(self) -> None:
        """Stop watching."""
        for watcher in self._watchers:
            watcher.stop()
        self._watchers = []
        self._server.close()

    @property
    def hangs(self) -> bool:
        """Whether a call of PortAudio, a recorder, or one that was to tell a device's shape, was left behind."""
        return self._portaudio.hangs or self._children.hangs or self._probes.hangs

    def let_pass(self) -> None:
        """A microphone that is closed keeps nothing."""

    def choose(self) -> Microphone:
        """Ask afresh each time: what was plugged in since is there."""
        self._given_up.clear()
        microphone = choose(self._source, self._inventory())
        fault = channel_fault(self._channel, microphone.channels)
        if fault:
            raise CaptureError(f"'{microphone.stable_id}': {fault}")
        # A sound server that restarts must find its hardware free: once through the server, always through it.
        self._through_server = self._through_server or microphone.backend == "pulse"
        return microphone

    def give_up(self) -> None:
        """A call of PortAudio goes on; no recorder is started any more."""
        self._given_up.set()

    def open(self, microphone: Microphone, stream_id: str, deliver: Deliver) -> MicrophoneStream:
        """Open at the device's own rate and number of channels."""
        way: Way = "pulse" if microphone.backend == "pulse" else "alsa"
        choice = self._backends.choice(way)
        if choice.reader != "portaudio":
            return self._with(choice, way, microphone, stream_id, deliver)
        try:
            return self._with(choice, way, microphone, stream_id, deliver)
        except CaptureError as error:
            stand_in = self._backends.stand_in(way, error)
            if stand_in is None:
                raise
            try:
                return self._with(stand_in, way, microphone, stream_id, deliver)
            except CaptureError as second:
                both = f"{error}; and {second}"
            if way == "alsa" and isinstance(error, TooManyHungCallsError):
                raise TooManyHungCallsError(both) from None  # our own hung calls may hold the device
            raise CaptureError(both) from None

    def _with(
        self, choice: Choice, way: Way, microphone: Microphone, stream_id: str, deliver: Deliver
    ) -> MicrophoneStream:
        server = self._server if way == "pulse" else None
        raw: RawStream
        close: Callable[[float], object]
        if choice.reader == "portaudio":
            portaudio_stream = self._open_portaudio(microphone, stream_id, deliver)
            raw, close = portaudio_stream, partial(self._close_portaudio, portaudio_stream)
        else:
            recorder = recorder_of(choice.reader, microphone, stream_id, self._chunk_ms, self._probes)
            fault = channel_fault(self._channel, recorder.channels)
            if fault:
                raise CaptureError(f"'{microphone.stable_id}': {fault}")
            child = self._children.open(
                recorder, stream_id, self._channel, self._chunk_ms, deliver, lambda: self._wake(False), self._given_up
            )
            raw, close = child, partial(self._children.close, child)
        self._backends.opened(way, choice)
        self._metrics.capture_backend.labels(backend=choice.reader).inc()
        return OpenMicrophone(raw, close, server, stream_id, microphone.name)

    def _open_portaudio(self, microphone: Microphone, stream_id: str, deliver: Deliver) -> PortAudioStream:
        pulse = microphone.backend == "pulse"
        request = StreamRequest(
            device_name=PULSE_DEVICE if pulse else microphone.name,
            environment=_libpulse_environment(microphone.name, stream_id) if pulse else {},
            stream_id=stream_id,
            sample_rate_hz=microphone.sample_rate_hz,
            channels=microphone.channels,
            channel=self._channel,
            chunk_samples=microphone.sample_rate_hz * self._chunk_ms // 1000,
        )
        raw = self._portaudio.open(request, deliver)
        raw.wake = lambda: self._wake(False)
        return raw

    def _close_portaudio(self, raw: PortAudioStream, deadline_s: float) -> None:
        raw.detach()
        self._portaudio.close(raw, deadline_s)

    def _inventory(self) -> Inventory:
        if self._backend in {"parec", "pw-record"}:
            return take_inventory(self._server, None)
        alsa = alsa_lister(self._backend, self._source, self._portaudio, self._backends, self._probes)
        if self._backend == "arecord" or self._source.startswith("alsa:"):
            return take_inventory(None, alsa)
        if self._through_server:
            return take_inventory(self._server, None)
        return take_inventory(self._server, alsa, alsa_stands_in=self._source == "auto")


def _libpulse_environment(source: str, stream_id: str) -> dict[str, str]:
    return {"PULSE_SOURCE": source, "PULSE_PROP": f"{STREAM_PROPERTY}={stream_id} application.name=edge_asr"}
