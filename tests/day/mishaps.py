"""What goes wrong in a house, and what people do to the device, in the midst of a stretch of sound."""

import random
import time
from collections.abc import Callable

from edge_asr.ladder import Relief, Rung
from tests.day.house import House
from tests.day.sounds import RATES_HZ, Samples

Mishap = Callable[[House, Samples, random.Random], None]
_ERRORS_APART_S = 25.0  # more than three in a minute end the process, as they should
_LOADS_APART_S = 60.0
EXCHANGE = "other model"


def _gap(house: House, rest: Samples, dice: random.Random) -> None:
    house.skip(dice.uniform(0.01, 3.0))
    house.feed(rest)


def _reopened(house: House, rest: Samples, dice: random.Random) -> None:
    house.reopen(dice.choice(RATES_HZ))
    house.feed(rest)


def _pulled_out(house: House, rest: Samples, dice: random.Random) -> None:
    house.settle()
    time.sleep(dice.uniform(1.1, 1.5))
    house.reopen(dice.choice(RATES_HZ))
    house.feed(rest)


def _late(house: House, rest: Samples, dice: random.Random) -> None:
    house.feed(rest[: 16_000 * 3], late_s=dice.uniform(1.5, 8.0))
    house.feed(rest[16_000 * 3 :])


def _flood(house: House, rest: Samples, _: random.Random) -> None:
    house.feed(rest, patient=False)


def _muted(house: House, rest: Samples, _: random.Random) -> None:
    house.worker.mute(on=True)
    house.feed(rest[: 16_000 * 2])
    house.settle()
    house.worker.mute(on=False)
    house.feed(rest[16_000 * 2 :])


def _sensitivity(house: House, rest: Samples, dice: random.Random) -> None:
    house.worker.set_sensitivity(dice.choice((0, 20, 50, 50, 80, 100)))
    house.feed(rest)


def _listen(house: House, rest: Samples, dice: random.Random) -> None:
    house.worker.listen_now(dice.uniform(1.0, 8.0))
    house.feed(rest)


def _heat(house: House, rest: Samples, dice: random.Random) -> None:
    house.worker.overload.relieve(
        Relief(dice.choice((Rung.ALL, Rung.ALL, Rung.NO_PARTIALS, Rung.NO_SECOND_PASS)), "heat")
    )
    house.feed(rest)


def _error(house: House, rest: Samples, _: random.Random) -> None:
    house.recognizer.fails = True
    house.feed(rest)


def _other_model(house: House, rest: Samples, _: random.Random) -> None:
    house.worker.exchange(house.brains())
    house.feed(rest)


MISHAPS: dict[str, Mishap] = {
    "gap": _gap,
    "reopened": _reopened,
    "pulled out": _pulled_out,
    "late": _late,
    "flood": _flood,
    "muted": _muted,
    "sensitivity": _sensitivity,
    "listen now": _listen,
    "heat": _heat,
    "error": _error,
    EXCHANGE: _other_model,
}


class Trouble:
    """Chooses; what the house could not bear more often is not chosen again too soon."""

    def __init__(self, dice: random.Random, *, exchange: bool) -> None:
        self._dice = dice
        self._names = tuple(name for name in MISHAPS if exchange or name != EXCHANGE)
        self._last_s = {"error": -_ERRORS_APART_S, "other model": 0.0 - _LOADS_APART_S}
        self._apart_s = {"error": _ERRORS_APART_S, "other model": _LOADS_APART_S}

    def next(self) -> str:
        """Name of a mishap."""
        while True:
            name = self._dice.choice(self._names)
            now_s = time.monotonic()
            if name not in self._apart_s or now_s - self._last_s[name] > self._apart_s[name]:
                self._last_s[name] = now_s
                return name
