"""From the device's own rate to the recognizer's, in blocks of one fixed length, whatever the chunks were."""

import numpy as np
import soxr
from numpy.typing import NDArray

from edge_asr.audio.chunk import Samples

_INT16_MIN, _INT16_MAX = -32768, 32767


class BlockResampler:
    """Stateful; one stream without gaps. Blocks are int16 of shape (block_samples,) at `output_rate_hz`.

    soxr's stream resampler gives the same samples for any cutting of its input, aligned to it in time.
    """

    def __init__(self, input_rate_hz: int, output_rate_hz: int, block_samples: int) -> None:
        self._block_samples = block_samples
        self._soxr = None
        if input_rate_hz != output_rate_hz:
            self._soxr = soxr.ResampleStream(input_rate_hz, output_rate_hz, 1, dtype="float32", quality="HQ")
        self._rest: Samples = np.empty(0, np.int16)

    def step(self, samples: Samples) -> list[Samples]:
        """Take int16 samples of shape (n,) at the input rate; return the blocks that are complete."""
        return self._blocks(samples if self._soxr is None else self._resample(samples, last=False))

    def finish(self) -> list[Samples]:
        """Return what is left; the last block may be shorter. No step may follow."""
        blocks = [] if self._soxr is None else self._blocks(self._resample(np.empty(0, np.int16), last=True))
        if len(self._rest):
            blocks.append(self._rest)
            self._rest = np.empty(0, np.int16)
        return blocks

    def _resample(self, samples: Samples, *, last: bool) -> Samples:
        assert self._soxr is not None  # noqa: S101 - narrows the type; the callers have looked
        out: NDArray[np.float32] = self._soxr.resample_chunk(samples.astype(np.float32), last=last)
        return np.clip(np.rint(out), _INT16_MIN, _INT16_MAX).astype(np.int16)

    def _blocks(self, samples: Samples) -> list[Samples]:
        whole = np.concatenate([self._rest, samples]) if len(self._rest) else samples
        count, size = len(whole) // self._block_samples, self._block_samples
        self._rest = whole[count * size :]
        return [whole[index * size : (index + 1) * size] for index in range(count)]
