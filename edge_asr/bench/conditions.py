"""The same recordings as they are and in each noise at each distance: what every system is given in turn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_asr.audio.chunk import Samples
from edge_asr.bench.mixture import read_noises, with_noise
from edge_asr.clock import Clock
from edge_asr.errors import EdgeAsrError


@dataclass(frozen=True, slots=True)
class Condition:
    """A noise and how far it lies below speech; both None: as it was recorded."""

    noise: str | None = None
    snr_db: int | None = None


AS_RECORDED = Condition()


class Conditions:
    """Recordings with the noises of a folder; None has none.

    Each recording begins where the one before it ended, so that not all of them hear the same few seconds of noise.
    """

    def __init__(self, folder: Path | None, snrs_db: Sequence[int], sample_rate_hz: int, clock: Clock) -> None:
        """Read the noises, at the rate that the recordings will have. Raises EdgeAsrError, AudioFileError."""
        self._folder = folder
        self._clock = clock
        self._noises: dict[int, dict[str, Samples]] = {}
        names = self._at(sample_rate_hz)
        self._mixes = [(name, snr_db) for snr_db in snrs_db for name in names]
        self._heard_s = 0.0

    def __len__(self) -> int:
        """How many there are."""
        return 1 + len(self._mixes)

    def of(self, samples: Samples, sample_rate_hz: int, name: str) -> Iterator[tuple[Condition, Samples]]:
        """One recording in every condition, int16 (n,) each. Raises EdgeAsrError with its name when it is silent."""
        begin = round(self._heard_s * sample_rate_hz)
        self._heard_s += len(samples) / sample_rate_hz
        yield AS_RECORDED, samples
        noises = self._at(sample_rate_hz)
        for noise, snr_db in self._mixes:
            try:
                mixture = with_noise(samples, sample_rate_hz, noises[noise], snr_db, begin % len(noises[noise]))
            except EdgeAsrError as error:
                raise EdgeAsrError(f"{name}: {error}") from None
            yield Condition(noise, snr_db), mixture

    def _at(self, sample_rate_hz: int) -> dict[str, Samples]:
        if self._folder is None:
            return {}
        if sample_rate_hz not in self._noises:
            self._noises[sample_rate_hz] = read_noises(self._folder, sample_rate_hz, self._clock)
        return self._noises[sample_rate_hz]
