"""From the setting `audio.source` to an open microphone: the seam between capture and the sound libraries."""

from collections.abc import Callable
from typing import Protocol

from edge_asr.audio.channels import Channel, channel_fault
from edge_asr.audio.chunk import AudioChunk
from edge_asr.audio.devices import Inventory, Microphone, choose
from edge_asr.audio.inventory import take_inventory
from edge_asr.audio.portaudio import PULSE_DEVICE, PortAudio, PortAudioStream, StreamRequest
from edge_asr.audio.pulse import STREAM_PROPERTY, PulseWatcher, SoundServer
from edge_asr.clock import Clock
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

    def choose(self) -> Microphone:
        """The microphone that is to be opened, as things are now."""
        ...

    def open(self, microphone: Microphone, stream_id: str, deliver: Deliver) -> MicrophoneStream:
        """Open it; chunks come from another thread."""
        ...

    def start(self, on_change: Callable[[bool], None]) -> None:
        """Watch the sound system: `on_change(True)` when microphones came or went, `on_change(False)` for the rest."""
        ...

    def stop(self) -> None:
        """Stop watching and let everything go."""
        ...


class SystemOpener:
    """The machine's own microphones, by the sound server or by ALSA."""

    def __init__(self, source: str, channel: Channel, chunk_ms: int, clock: Clock, metrics: Metrics) -> None:
        self._source = source
        self._channel: Channel = channel
        self._chunk_ms = chunk_ms
        self._portaudio = PortAudio(clock, metrics)
        self._server = SoundServer(on_recovery=lambda: self._wake(True))
        self._watcher: PulseWatcher | None = None
        self._wake: Callable[[bool], None] = lambda _: None
        self._through_server = source.startswith("pulse:")

    def start(self, on_change: Callable[[bool], None]) -> None:
        """Watch the sound server, unless the microphone is ALSA's anyway."""
        self._wake = on_change
        if not self._source.startswith("alsa:"):
            self._watcher = PulseWatcher(on_change)
            self._watcher.start()

    def stop(self) -> None:
        """Stop watching."""
        if self._watcher is not None:
            self._watcher.stop()
        self._server.close()

    @property
    def hangs(self) -> bool:
        """Whether a call of PortAudio was left behind."""
        return self._portaudio.hangs

    def choose(self) -> Microphone:
        """Ask afresh each time: what was plugged in since is there."""
        microphone = choose(self._source, self._inventory())
        fault = channel_fault(self._channel, microphone.channels)
        if fault:
            raise CaptureError(f"'{microphone.stable_id}': {fault}")
        # A sound server that restarts must find its hardware free: once through the server, always through it.
        self._through_server = self._through_server or microphone.backend == "pulse"
        return microphone

    def open(self, microphone: Microphone, stream_id: str, deliver: Deliver) -> MicrophoneStream:
        """Open at the device's own rate and number of channels."""
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
        return _OpenMicrophone(self._portaudio, raw, self._server if pulse else None, stream_id, microphone.name)

    def _inventory(self) -> Inventory:
        if self._source.startswith("alsa:"):
            return take_inventory(None, self._portaudio)
        if self._through_server:
            return take_inventory(self._server, None)
        return take_inventory(self._server, self._portaudio, alsa_stands_in=self._source == "auto")


class _OpenMicrophone:
    """A stream of PortAudio, and the sound server's view of it."""

    def __init__(
        self, portaudio: PortAudio, raw: PortAudioStream, server: SoundServer | None, stream_id: str, source: str
    ) -> None:
        self._portaudio = portaudio
        self._raw = raw
        self._server = server
        self._stream_id = stream_id
        self._source = source

    @property
    def active(self) -> bool:
        return self._raw.active

    @property
    def last_chunk_ns(self) -> int | None:
        return self._raw.last_chunk_ns

    def moved_to(self) -> str | None:
        if self._server is None:
            return None
        try:
            source = self._server.source_of_stream(self._stream_id)
        except CaptureError:
            return None  # the samples tell whether the stream lives
        return None if source == self._source else source

    def gain(self) -> int | None:
        if self._server is None:
            return None
        try:
            return round(100 * self._server.volume(self._source))
        except CaptureError:
            return None

    def set_gain(self, percent: int) -> int:
        if self._server is None:
            raise CaptureError(
                f"'alsa:{self._source}' is heard without a sound server, which alone can set its volume here: set it "
                "with alsamixer, or let PulseAudio or PipeWire run"
            )
        return round(100 * self._server.set_volume(self._source, percent / 100))

    def close(self, deadline_s: float) -> None:
        self._raw.detach()
        self._portaudio.close(self._raw, deadline_s)


def _libpulse_environment(source: str, stream_id: str) -> dict[str, str]:
    return {"PULSE_SOURCE": source, "PULSE_PROP": f"{STREAM_PROPERTY}={stream_id} application.name=edge_asr"}
