"""nnet3 to a streaming ONNX network, which keeps what it still needs of earlier frames.

Where the whole network cuts parts with different edges to the rows that all have, this one delays them, as many rows as
would have been cut off their ends: the rows in between are its states. So nothing is computed twice, and chunk after
chunk gives what the whole run gives.
"""

from dataclasses import replace

import onnx
from onnx import helper

from edge_asr_export.nnet3 import Nnet3
from edge_asr_export.nnet3_to_onnx import NEXT, STATE, TO_THE_END, Writer, write
from edge_asr_export.scaled_tensors import Frames


def convert_streaming(net: Nnet3, subsampling_factor: int) -> onnx.ModelProto:
    """Model with inputs `input` (T, cepstra) and `ivector` (1, dim), output `output` (N, pdfs), contexts as metadata.

    T is a multiple of the subsampling factor and N = T // subsampling_factor; the last output is `right` frames before
    the last frame. The inputs `state_0`.. are zeros at first and then the outputs `next_0`..; what is computed from the
    zeros, the first `left` frames, means nothing. Raises ModelError as `nnet3_to_onnx.convert` does.
    """
    return write(net, subsampling_factor, StreamingWriter)


class StreamingWriter(Writer):
    """The same network, with delays where the whole one cuts."""

    def __init__(self, net: Nnet3, subsampling_factor: int) -> None:
        super().__init__(net, subsampling_factor)
        self._delayed: dict[tuple[str, int], str] = {}

    def _cut(self, frames: Frames, head: int, tail: int) -> Frames:
        left, right = frames.left + head * frames.step, frames.right + tail * frames.step
        if not tail:
            return replace(frames, left=left, right=right)
        return replace(self._now(frames), tensor=self._delay(frames, tail), left=left, right=right)

    def _delay(self, frames: Frames, rows: int) -> str:
        """The tensor `rows` rows later: those that are held back are a state."""
        key = (frames.tensor, rows)
        if key not in self._delayed:
            number = len(self._state_shapes)
            self._state_shapes.append((rows, frames.width))
            joined = self._op("Concat", f"{STATE}{number}", frames.tensor, axis=0)
            self._delayed[key] = self._op("Slice", joined, self._index(0), self._index(-rows), self._index(0))
            kept = [joined, self._index(-rows), self._index(TO_THE_END), self._index(0)]
            self._nodes.append(helper.make_node("Slice", kept, [f"{NEXT}{number}"]))
        return self._delayed[key]

    def _thin(self, frames: Frames) -> Frames:
        head = (self._net.left_context_frames - frames.left) % self._factor
        tail = (self._net.right_context_frames - frames.right) % self._factor
        begin, end = self._factor - 1 - tail, TO_THE_END  # the last row that is kept lies `tail` rows before the end
        at = [self._index(value) for value in (begin, end, 0, self._factor)]
        tensor = self._op("Slice", frames.tensor, *at)
        left, right = frames.left + head, frames.right + tail
        return replace(self._now(frames), tensor=tensor, left=left, right=right, step=self._factor)
