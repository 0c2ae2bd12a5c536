"""What the options of `edge-asr bench` may hold; a wrong value becomes argparse's one line."""

import argparse
from collections.abc import Callable, Sequence

from edge_asr.bench.peers import PEERS

_SNRS_DB = range(-20, 61)


def names(text: str) -> Sequence[str]:
    """Names with commas between them; none is fine."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def count(least: int, most: int) -> Callable[[str], int]:
    """A whole number within both."""

    def parse(text: str) -> int:
        number = int(text) if text.isdecimal() else least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text}: expected a whole number from {least} to {most}")
        return number

    return parse


def _time(unit: str, most: float) -> Callable[[str], float]:
    """So many of a unit, or a part of one."""

    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if not 0.01 <= number <= most:
            raise argparse.ArgumentTypeError(f"{text}: expected {unit}, from 0.01 to {most:g}")
        return number

    return parse


hours, minutes = _time("hours", 1000), _time("minutes", 1440)


def peers_of(known: Sequence[str]) -> Callable[[str], Sequence[str]]:
    """Peers to measure beside, of those that are known; "none" alone is none."""

    def parse(text: str) -> Sequence[str]:
        wanted = tuple(dict.fromkeys(names(text)))
        unknown = sorted(set(wanted) - set(known))
        if wanted != ("none",) and (unknown or not wanted):
            expected = f"expected none, or of {', '.join(known)} those to measure beside"
            raise argparse.ArgumentTypeError(f"{text!r}: {expected}")
        return () if unknown else wanted

    return parse


peers = peers_of(PEERS)


def snrs_db(text: str) -> Sequence[int]:
    """Distances of noise with commas between them, each once."""
    try:
        found = tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError:
        found = ()
    if not found or not all(snr_db in _SNRS_DB for snr_db in found):
        low, high = _SNRS_DB[0], _SNRS_DB[-1]
        raise argparse.ArgumentTypeError(f"{text!r}: expected whole decibels from {low} to {high}, e.g. 20,10,5,0")
    return found
