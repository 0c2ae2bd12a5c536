"""A child of the measurement that counts samples: `python -m tests.bench.counting_decoder MOOD`."""

import os
import sys
import time
from collections.abc import Mapping

from edge_asr.bench.decoder_loop import Decode, Said, serve


def count(pcm: bytes, rate_hz: int) -> Said:
    return Said(f"{len(pcm) // 2} samples at {rate_hz}, first {int.from_bytes(pcm[:2], 'little', signed=True)}")


def spell(_pcm: bytes, _rate_hz: int) -> Said:
    return Said("ä b", ("▁ä", "▁b"), ((0.5, 1.25),))


def busy(_pcm: bytes, _rate_hz: int) -> Said:
    began_s = time.process_time()
    while time.process_time() - began_s < 0.1:
        pass
    time.sleep(0.1)
    return Said("busy")


def dying(pcm: bytes, rate_hz: int) -> Said:
    if rate_hz != 16000:
        os._exit(3)
    return count(pcm, rate_hz)


def load() -> Mapping[str, Decode]:
    mood = sys.argv[1]
    if mood == "faulty":
        raise ValueError("there is no model 'xx'; run: edge-asr models pull xx")
    if mood == "noisy":
        print("a library prints what it likes", flush=True)
    return {"count": count, "spell": spell, "busy": busy, "dying": dying}


def renew() -> None:
    """As busy as `busy`, where the mood is so."""
    if sys.argv[1] == "renewing":
        busy(b"", 0)


if __name__ == "__main__":
    serve(load, renew)
