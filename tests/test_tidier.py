"""What is free goes back to the kernel now and then."""

import pytest

from edge_asr.tidier import Tidier
from tests.fakes import HandClock


def test_it_is_done_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[int] = []
    clock = HandClock()
    monkeypatch.setattr("edge_asr.tidier.give_back", lambda: times.append(clock.ns))
    tidier = Tidier(clock)
    for _ in range(1000):
        clock.advance_s(0.2)
        tidier.look()
    assert len(times) == 3
