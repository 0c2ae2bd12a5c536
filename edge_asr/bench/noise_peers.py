"""What peers make of the same sounds: the words of their finals, each in a process of its own."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from edge_asr.bench.decoder_process import DecoderProcess
from edge_asr.bench.peers import POCKETSPHINX, Peer
from edge_asr.bench.sounds import Sound

_HOW = {POCKETSPHINX: "pocketsphinx, live"}  # where all are live, their decoders have their names


@dataclass(frozen=True, slots=True)
class PeerInvented:
    """What one peer made of one sound. Its partials are not asked for, which is in its favour."""

    peer: str
    sound: str
    audio_s: float
    cpu_s: float
    final_words: int


def measure_peers(
    sounds: Sequence[Sound], seconds: float, peers: Sequence[Peer], words: Callable[[str], int]
) -> list[PeerInvented]:
    """So much of every sound as one stream, by each peer in turn. words: how many a text has. Raises EdgeAsrError."""
    found: list[PeerInvented] = []
    with ExitStack() as stack:
        processes = {peer.name: stack.enter_context(DecoderProcess(peer.module, peer.words)) for peer in peers}
        turns = [(sound, *one) for sound in sounds for one in processes.items()]
        for sound, name, process in tqdm(turns, desc="peers", unit="sound", disable=None, leave=False):
            samples = np.concatenate(list(sound.chunks(seconds)))
            decoded = process.decode(_HOW.get(name, name), samples, sound.sample_rate_hz)
            audio_s = len(samples) / sound.sample_rate_hz
            found.append(PeerInvented(name, sound.name, audio_s, decoded.cpu_s, words(decoded.text)))
    return found
