"""What reads a microphone, and the sound server's view of it."""

from collections.abc import Callable

from edge_asr.audio.child_stream import RawStream
from edge_asr.audio.pulse import SoundServer
from edge_asr.errors import CaptureError


class OpenMicrophone:
    """MicrophoneStream. `server` is None where the microphone is ALSA's; `close` takes the deadline in seconds."""

    def __init__(
        self,
        raw: RawStream,
        close: Callable[[float], object],
        server: SoundServer | None,
        stream_id: str,
        source: str,
    ) -> None:
        self._raw = raw
        self._close = close
        self._server = server
        self._stream_id = stream_id
        self._source = source

    @property
    def active(self) -> bool:
        """Whether it has not ended by itself."""
        return self._raw.active

    @property
    def last_chunk_ns(self) -> int | None:
        """Monotonic time of the newest chunk."""
        return self._raw.last_chunk_ns

    @property
    def why_ended(self) -> str:
        """Why it has ended by itself."""
        why = self._raw.why_ended
        return f"the stream of '{self._source}' has ended ({why}); reopening it" if why else ""

    def moved_to(self) -> str | None:
        """Name of the source that the sound server has put in place of ours."""
        if self._server is None:
            return None
        try:
            source = self._server.source_of_stream(self._stream_id)
        except CaptureError:
            return None  # the samples tell whether the stream lives
        return None if source == self._source else source

    def gain(self) -> int | None:
        """Volume of the source in percent, by the sound server."""
        if self._server is None:
            return None
        try:
            return round(100 * self._server.volume(self._source))
        except CaptureError:
            return None

    def set_gain(self, percent: int) -> int:
        """Set it, and read it back. Raises CaptureError."""
        if self._server is None:
            raise CaptureError(
                f"'alsa:{self._source}' is heard without a sound server, which alone can set its volume here: set it "
                "with alsamixer, or let PulseAudio or PipeWire run"
            )
        return round(100 * self._server.set_volume(self._source, percent / 100))

    def close(self, deadline_s: float) -> None:
        """Close, or leave behind what hangs."""
        self._close(deadline_s)
