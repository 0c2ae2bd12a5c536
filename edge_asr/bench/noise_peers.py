"""What peers make of the same sounds: the words of their finals, each in a process of its own."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from edge_asr.bench.decoder_process import DecoderProcess
from edge_asr.bench.peers import POCKETSPHINX, SHERPA, Peer
from edge_asr.bench.sounds import Sound

_HOW = {name: f"{name}, live" for name in (POCKETSPHINX, SHERPA)}  # with their endpoints; the others always have theirs


@dataclass(frozen=True, slots=True)
class PeerInvented:
    """What one peer made of one sound. Its partials are not asked for, which is in its favour."""

    peer: str
    audio_s: float
    cpu_s: float
    final_words: int


def measure_peers(
    sounds: Sequence[Sound], seconds: float, peers: Sequence[Peer], words: Callable[[str], int]
) -> list[list[PeerInvented]]:
    """By sound what each peer made of so much of it, as one stream. words: how many a text has. Raises EdgeAsrError."""
    found: list[list[PeerInvented]] = [[] for _ in sounds]
    with ExitStack() as stack:
        processes = {peer.name: stack.enter_context(DecoderProcess(peer.module, peer.words)) for peer in peers}
        turns = [(sound, row, *one) for sound, row in zip(sounds, found, strict=True) for one in processes.items()]
        for sound, row, name, process in tqdm(turns, desc="peers", unit="sound", disable=None, leave=False):
            samples = np.concatenate(list(sound.chunks(seconds)))
            decoded = process.decode(_HOW.get(name, name), samples, sound.sample_rate_hz)
            audio_s = len(samples) / sound.sample_rate_hz
            row.append(PeerInvented(name, audio_s, decoded.cpu_s, words(decoded.text)))
    return found
