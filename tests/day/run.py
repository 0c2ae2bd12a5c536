"""The day itself, and what is said of it."""

import gc
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edge_asr.bench.footprint import Footprint, footprint
from edge_asr.config import Config
from edge_asr.heap import give_back
from tests.day.house import House
from tests.day.mishaps import MISHAPS, Trouble
from tests.day.sounds import Household

_MISHAP_SHARE = 0.3  # of the stretches
_LOOKS = 60
_HUSH_S = 4.0
_SETTLED = 0.5  # of the day: until then arenas and caches fill
_MOST_GROWTH_MIB = 10.0
_UNACCOUNTED_S = 0.5


@dataclass
class Day:
    """What was seen."""

    hours: float
    took_s: float = 0.0
    mishaps: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    at_hour: list[float] = field(default_factory=list)
    looks: list[Footprint] = field(default_factory=list)
    fed_s: float = 0.0
    accounted_s: float = 0.0
    breaches: list[str] = field(default_factory=list)

    def settled(self) -> list[Footprint]:
        """Looks that count."""
        return [look for at, look in zip(self.at_hour, self.looks, strict=True) if at >= _SETTLED * self.hours]


def run(
    hours: float, seed: int, speech: Sequence[Path], noises: Sequence[Path], config: Config, *, exchange: bool
) -> Day:
    """Live through so many hours of sound; with `exchange` models are loaded anew now and then."""
    dice = random.Random(seed)  # noqa: S311 - the same seed is the same day
    day, house = Day(hours), House(config, dice)
    trouble, began_s = Trouble(dice, exchange=exchange), time.monotonic()
    for samples in Household(list(speech), list(noises), dice).stretches():
        if house.fed_s >= hours * 3600 or house.fatal:
            break
        if house.fed_s >= len(day.looks) / _LOOKS * hours * 3600:
            house.feed(Household.hush(_HUSH_S))  # a sentence that goes on holds its search, up to 20 MiB
            house.settle()
            gc.collect()  # what only waits to be collected, or to be given back, is no growth
            give_back()
            day.at_hour.append(house.fed_s / 3600)
            day.looks.append(footprint())
        if dice.random() < _MISHAP_SHARE:
            name = trouble.next()
            day.mishaps[name] += 1
            cut = dice.randrange(len(samples))
            house.feed(samples[:cut])
            MISHAPS[name](house, samples[cut:], dice)
        else:
            house.feed(samples)
    house.settle()
    if not house.close():
        day.breaches.append("the recognizer did not come to an end")
    day.took_s = time.monotonic() - began_s
    _judge(day, house)
    return day


def _judge(day: Day, house: House) -> None:
    house.ledger.close()
    day.counts = house.ledger.counts
    day.fed_s, day.accounted_s = house.fed_s, house.accounted_s()
    day.breaches += [f"the process would have ended: {why}" for why in house.fatal]
    day.breaches += house.ledger.breaches
    if abs(day.fed_s - day.accounted_s) > _UNACCOUNTED_S:
        day.breaches.append(f"{day.fed_s:.1f} s were fed, {day.accounted_s:.1f} s heard or counted as dropped")
    settled = day.settled()
    if not settled:
        return
    for what in ("threads", "descriptors"):
        values = [getattr(look, what) for look in settled]
        if max(values[-3:]) > max(values[:3]):
            day.breaches.append(f"{what} have grown: {values}")
    grown = growth_mib(day)
    if grown > _MOST_GROWTH_MIB:
        day.breaches.append(f"own memory has grown by {grown:.1f} MiB")


def growth_mib(day: Day) -> float:
    """Of own memory, from the third quarter of the day to the last, by their medians.

    Single looks come and go, and in the first half of a day the heap takes on its shape: the longest utterance has
    not come yet, or has just torn a hole. What leaks grows in the second half as well.
    """
    third, last = (
        [look.anon_mib for at, look in zip(day.at_hour, day.looks, strict=True) if low <= at / day.hours < low + 0.25]
        for low in (0.5, 0.75)
    )
    return float(np.median(last) - np.median(third)) if third and last else 0.0


def report(day: Day) -> str:
    """For people."""
    settled = day.settled() or day.looks
    own = [look.anon_mib for look in settled]
    first, last = settled[0], settled[-1]
    took = f"{day.fed_s / 3600:.2f} hours in {day.took_s / 60:.1f} minutes"
    grown = f"{growth_mib(day):+.1f} from the third quarter to the last"
    lines = [
        f"{took}, {day.mishaps.total()} mishaps, {len(day.breaches)} breaches",
        "  mishaps: " + ", ".join(f"{name} {count}" for name, count in sorted(day.mishaps.items())),
        "  said: " + ", ".join(f"{name} {count}" for name, count in sorted(day.counts.items())),
        f"  audio: {day.fed_s:.1f} s fed, {day.accounted_s:.1f} s heard or counted as dropped",
        f"  own memory, MiB: median {np.median(own):.1f}, {grown}; at each look",
        "    " + " ".join(f"{look.anon_mib:.0f}" for look in day.looks),
        f"  threads {first.threads} to {last.threads}, descriptors {first.descriptors} to {last.descriptors}",
    ]
    return "\n".join([*lines, *(f"  BREACH: {breach}" for breach in day.breaches)])
