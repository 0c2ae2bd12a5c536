"""The seam behind which audio comes in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from edge_asr.audio.chunk import AudioChunk

# starting: nothing was heard yet. healthy: it hears. silent: samples come, and are digital silence. lost: there is no
# microphone, or none that delivers; it is tried again. recovering: open again after that, no samples yet. hung: a call
# of the sound system did not return.
CaptureStatus = Literal["starting", "healthy", "silent", "lost", "recovering", "hung", "muted", "stopped"]


@dataclass(frozen=True, slots=True)
class CaptureState:
    """What capture says of itself; `reason` is one line for a person, empty while healthy."""

    status: CaptureStatus
    source: str  # description of the source that is, or should be, open
    reason: str


class AudioSource(Protocol):
    """A finite source that is read as fast as the reader likes: a file or standard input."""

    def chunks(self) -> Iterator[AudioChunk]:
        """Mono chunks in order, of one stream. Raises AudioFileError when it is not audio."""
        ...
