"""From a bundle to its recognizer: the one place that knows every family."""

from typing import Any

from edge_asr.asr.bundle import Bundle, of_family
from edge_asr.asr.kaldi import KaldiRecognizer
from edge_asr.asr.manifest import KaldiManifest, Manifest
from edge_asr.asr.recognizer import Recognizer
from edge_asr.config import RecognizerConfig


def load_streaming(bundle: Bundle[Manifest], choices: RecognizerConfig) -> Recognizer[Any]:
    """Streaming recognizer of a bundle; raises ModelError when it is of a family that cannot stream."""
    kaldi = of_family(bundle, KaldiManifest)
    return KaldiRecognizer(kaldi, threads=choices.threads, beam=choices.beam, max_active=choices.max_active)
