"""A neural voice detector, alone or as a second opinion: Silero VAD (Silero Team, MIT) on onnxruntime."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_asr.audio.chunk import Samples
from edge_asr.audio.slow_gain import SlowGain
from edge_asr.audio.vad import LATEST_MS, LevelledVad
from edge_asr.errors import ModelError, RecognitionError
from edge_asr.onnx_session import first_line, open_session
from edge_asr.sensitivity import Thresholds

_FULL_SCALE = 32768.0
# While a voice is passed on the second is asked now and then, and computes what has come in one run: so it says as well
# since when there is none. While it disagrees it is asked about every block, so that no word comes late. It must hear
# all of it: by the newest of each 0.3 s alone it took a hum that followed a voice for more of it, for seconds.
_UNASKED_S = LATEST_MS / 1000
_PAUSE_S = 0.2  # what the first takes for so much silence ends a voice; it takes quiet sounds within words for less
_KEPT_S = 0.5  # of what nobody asked about: heard again before an answer, for the network needs a run-up


class SileroVad:
    """Voiced is a window of at least `threshold`, a probability. One stream, one thread.

    The network hears windows of `window_samples` with the last `context_samples` before each, and hands its memory on.
    Blocks of any length are cut into them; a block's answer is that of the last window that is whole, so it comes up to
    one window late. It hears through the same slow gain as the other detector.

    `hear` is cheap and computes nothing; `agrees` computes what has come since it was last asked, and sets
    `unvoiced_samples`: how much of that, up to its end, is no voice.
    """

    def __init__(
        self,
        network: Path,
        window_samples: int,
        context_samples: int,
        sample_rate_hz: int,
        threshold: float,
        max_gain_db: float,
    ) -> None:
        """Load the network; raises ModelError."""
        self._path = network
        self.sample_rate_hz = sample_rate_hz
        self._session, self._width = _loaded(network, window_samples + context_samples)
        self._window_samples = window_samples
        self._context_samples = context_samples
        self._kept_samples = context_samples + round(_KEPT_S * sample_rate_hz)
        self._threshold = threshold
        self._gain = SlowGain(sample_rate_hz, max_gain_db)
        self._pending: list[NDArray[np.float32]] = []
        self._pending_samples = 0
        self._memory: tuple[NDArray[np.float32], NDArray[np.float32]]
        self._probability = 0.0
        self.unvoiced_samples = 0
        self.reset()

    def voiced(self, block: Samples, *, later: bool = False) -> bool:  # noqa: ARG002 - it is asked each time
        """Decide for one block; raises RecognitionError."""
        self.hear(block)
        return self.agrees()

    def reset(self) -> None:
        """Begin anew, with silence before; the level of the microphone stays."""
        self._start(np.zeros(self._context_samples, np.float32))

    def tune(self, thresholds: Thresholds) -> None:
        """Take another probability for a voice."""
        self._threshold = thresholds.silero_threshold

    def hear(self, block: Samples) -> None:
        """Take int16 samples (n,). Of those that nobody asks about, the last half second to second is kept."""
        self.hear_levelled(*self._gain.step(block))

    def hear_levelled(self, centred: NDArray[np.float32], gain: float) -> None:
        """The same, of what a `SlowGain` has made of a block."""
        self._pending.append(centred * np.float32(gain / _FULL_SCALE))
        self._pending_samples += len(centred)
        if self._pending_samples > 2 * self._kept_samples:
            self._start(np.concatenate(self._pending)[-self._kept_samples :])

    def agrees(self) -> bool:
        """Whether the last whole window is a voice; raises RecognitionError."""
        count = (self._pending_samples - self._context_samples) // self._window_samples
        self.unvoiced_samples = 0
        if count > 0:
            samples = np.concatenate(self._pending)
            self._run(samples, count)
            self._pending = [samples[count * self._window_samples :]]
            self._pending_samples = len(self._pending[0])
        return self._probability >= self._threshold

    def _start(self, samples: NDArray[np.float32]) -> None:
        """No memory but `samples`, of which the first are the context of the others."""
        self._pending, self._pending_samples = [samples], len(samples)
        self._memory = (np.zeros((1, 1, self._width), np.float32), np.zeros((1, 1, self._width), np.float32))
        self._probability = 0.0
        self.unvoiced_samples = 0

    def _run(self, samples: NDArray[np.float32], count: int) -> None:
        size, step = self._window_samples + self._context_samples, self._window_samples
        windows = np.ndarray((count, size), np.float32, samples, strides=(step * samples.itemsize, samples.itemsize))
        memory, cell = self._memory
        feeds = {"input": np.minimum(np.maximum(windows, -1.0), 1.0), "h": memory, "c": cell}
        try:
            probabilities, memory, cell = self._session.run(["speech_probs", "hn", "cn"], feeds)
        except Exception as error:
            raise RecognitionError(f"{self._path.name} failed: {first_line(error)}") from error
        self._memory, self._probability = (memory, cell), float(probabilities[-1])
        voices = np.flatnonzero(probabilities.ravel() >= self._threshold)
        self.unvoiced_samples = step * (count - 1 - int(voices[-1]) if len(voices) else count)


class SecondOpinion:
    """Voiced is what both detectors say is voiced; the second is asked only after the first has said so.

    So a quiet room costs what the first costs, and a long sentence a third of what asking each time would: where noise
    follows a voice, that is heard up to `_UNASKED_S` later, and since when. Both hear through one slow gain. One
    stream, one thread.
    """

    def __init__(self, first: LevelledVad, second: SileroVad, gain: SlowGain) -> None:
        self._first = first
        self._second = second
        self._gain = gain
        self._pause_samples = round(_PAUSE_S * second.sample_rate_hz)
        self._silent_samples = 0  # the first's, up to now
        self._unasked_samples = 0  # for so many more the second is believed to agree, where it may say so later
        self._believed = False  # since it was last asked
        self.unvoiced_samples = 0

    def voiced(self, block: Samples, *, later: bool = False) -> bool:
        """Decide for one block of 10, 20 or 30 ms; raises RecognitionError."""
        self.unvoiced_samples = 0
        centred, gain = self._gain.step(block)
        self._second.hear_levelled(centred, gain)
        self._unasked_samples = max(0, self._unasked_samples - len(block))
        if not self._first.decides(block, centred, gain):
            self._silent_samples += len(block)
            if self._silent_samples >= self._pause_samples:
                self._unasked_samples = 0
                if self._believed:  # the pause may have begun before the first heard it
                    self._agrees()
            return False
        self._silent_samples = 0
        if later and self._unasked_samples > 0:
            self._believed = True
            return True
        agrees = self._agrees()
        self._unasked_samples = round(_UNASKED_S * self._second.sample_rate_hz) if agrees else 0
        return agrees

    def _agrees(self) -> bool:
        agrees = self._second.agrees()
        self.unvoiced_samples = 0 if agrees else self._second.unvoiced_samples
        self._believed = False
        return agrees

    def reset(self) -> None:
        """Both forget."""
        self._first.reset()
        self._second.reset()
        self._begin()

    def tune(self, thresholds: Thresholds) -> None:
        """Each takes its own."""
        self._first.tune(thresholds)
        self._second.tune(thresholds)
        self._begin()

    def _begin(self) -> None:
        self._silent_samples = self._unasked_samples = self.unvoiced_samples = 0
        self._believed = False


def _loaded(path: Path, row_samples: int) -> tuple[Any, int]:
    """Session and width of its memory; raises ModelError."""
    session = open_session(path, threads=1)
    inputs = {node.name: node.shape for node in session.get_inputs()}
    outputs = {node.name for node in session.get_outputs()}
    width = inputs["h"][-1] if inputs.get("h") else None
    if inputs.keys() != {"input", "h", "c"} or not {"speech_probs", "hn", "cn"} <= outputs:
        raise ModelError(f"{path} is a foreign network: its inputs are {sorted(inputs)}, expected ['c', 'h', 'input']")
    if inputs["input"][-1] != row_samples or not isinstance(width, int):
        raise ModelError(f"{path} is a foreign network: its input is {inputs['input']}, expected rows of {row_samples}")
    return session, width
