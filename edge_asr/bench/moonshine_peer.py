"""moonshine-voice as its own examples use it, for the two children that measure it.

Its Transcriber with the model that its wheel brings, tiny-en: the weights of our bundle moonshine-tiny-en. Everything
else is its default. Python's side: a stream is transcribed anew after each 0.5 s of audio (`update_interval`), in the
call that adds the audio. The library's side: its own voice detector, whose mean over 0.5 s must be above 0.5
(`vad_window_duration`, `vad_threshold`), 8192 samples before that are taken too, a line has at most 15 s and 6.5 tokens
a second. Its onnxruntime has as many threads as the machine has cores; it offers no way to ask for fewer.

Only this file imports it, and nothing that it imports may lead to our onnxruntime.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_MODEL = "tiny-en"
_FULL_SCALE = np.float32(32768.0)


def load_transcriber() -> Any:
    """Its Transcriber; raises ValueError when the wheel does not bring the model."""
    import moonshine_voice  # noqa: PLC0415 - an extra, loaded late so that this file can be read without it

    folder = moonshine_voice.get_model_path(_MODEL)
    if not folder.is_dir():
        raise ValueError(f"moonshine-voice has no model in {folder}; install: pip install moonshine-voice==0.0.59")
    return moonshine_voice.Transcriber(str(folder), moonshine_voice.ModelArch.TINY)


def own_sample() -> tuple[list[float], int]:
    """Speech that the wheel brings, and its rate: to try it once before anything is measured."""
    import moonshine_voice  # noqa: PLC0415

    samples, rate_hz = moonshine_voice.load_wav_file(moonshine_voice.get_assets_path() / "beckett.wav")
    return samples, rate_hz


def as_floats(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Samples as it takes them, -1 to 1."""
    return samples.astype(np.float32) / _FULL_SCALE
