"""The opener that `audio.source` asks for."""

import sys

from edge_asr.audio.opener import Opener, SystemOpener
from edge_asr.audio.played import FILE, STDIN, PlayedOpener
from edge_asr.audio.standard_input import open_stdin
from edge_asr.clock import Clock
from edge_asr.config import AudioConfig
from edge_asr.metrics import Metrics


def opener_of(config: AudioConfig, clock: Clock, metrics: Metrics) -> Opener:
    """A file, standard input, or a microphone of the machine. Nothing is opened yet."""
    if is_played(config.source):
        return PlayedOpener(config, clock, lambda: open_stdin(sys.stdin))
    return SystemOpener(config.source, config.channel, config.chunk_ms, clock, metrics, config.backend)


def is_played(source: str) -> bool:
    """Whether it is a file or standard input that is to be heard."""
    return source == STDIN or source.startswith(FILE)
