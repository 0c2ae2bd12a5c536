"""The real daemon with the recognizer of the fakes: it hears one word for each half second of loudness.

usage: loud_daemon.py OPTIONS OF `edge-asr run`. LOUD_DAEMON=fail ends as one without a model does.
"""

import os
import sys
from typing import Any

from edge_asr import app, loading
from edge_asr.cli.main import main
from edge_asr.config import Config
from edge_asr.errors import ModelError
from edge_asr.pipeline import Pipeline
from tests.fakes import LoudRecognizer, LoudState, LoudVad

FAILS = os.environ.get("LOUD_DAEMON") == "fail"


def load_recognizer(_config: Config) -> LoudRecognizer:
    """Recognizer of the fakes, or an error as of a missing bundle."""
    if FAILS:
        raise ModelError("there is no model 'xx' here; run: edge-asr models pull xx")
    return LoudRecognizer()


def build_pipeline(config: Config, recognizer: LoudRecognizer) -> Pipeline[LoudState]:
    """The real pipeline around the fakes."""
    return Pipeline(config.gate, config.endpoint, LoudVad(), recognizer)


def load_second_pass(_config: Config) -> None:
    """There is none, whatever models this machine has."""


if __name__ == "__main__":
    wired: Any = app
    wired.build_pipeline = build_pipeline
    loaded: Any = loading
    loaded.load_recognizer, loaded.load_second_pass = load_recognizer, load_second_pass
    raise SystemExit(main(["run", *sys.argv[1:]]))
