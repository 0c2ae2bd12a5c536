"""The real English bundle and real speech, loaded once."""

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.config import Config
from edge_asr.demo.sample import sample
from edge_asr.loading import load_recognizer


@pytest.fixture(scope="session")
def recognizer() -> KaldiRecognizer:
    """Recognizer of the bundle that `make test` has pulled."""
    recognizer = load_recognizer(Config())
    assert isinstance(recognizer, KaldiRecognizer)
    return recognizer


@pytest.fixture(scope="session")
def sentences() -> list[NDArray[np.int16]]:
    """The five sentences of the sample, int16 at 16 kHz."""
    return [soundfile.read(str(path), dtype="int16")[0] for path in sample()]
