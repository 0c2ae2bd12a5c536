"""Ears and broker share one line."""

from edge_asr.status_line import StatusLine
from edge_asr.systemd import Notifier


class Screen(Notifier):
    def __init__(self) -> None:
        super().__init__({})
        self.lines: list[str] = []

    def status(self, text: str) -> None:
        self.lines.append(text)


def test_a_broker_that_is_well_is_not_mentioned() -> None:
    screen = Screen()
    line = StatusLine(screen)
    line.broker(False, "nothing listens at house:1883")
    line.ears("listening: Kitchen mic")
    line.broker(True, "")
    line.broker(True, "may not write there")
    line.broker(False, "")
    assert screen.lines == [
        "starting; mqtt: nothing listens at house:1883",
        "listening: Kitchen mic; mqtt: nothing listens at house:1883",
        "listening: Kitchen mic",
        "listening: Kitchen mic; mqtt: may not write there",
        "listening: Kitchen mic; mqtt: not connected",
    ]
