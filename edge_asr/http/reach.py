"""What the HTTP port can reach of the house."""

from typing import NamedTuple

from edge_asr.config import HttpConfig
from edge_asr.controls import Controls
from edge_asr.guests.house import Guests
from edge_asr.http.access import Access
from edge_asr.http.board import Board
from edge_asr.http.hub import Hub
from edge_asr.liveness import Liveness
from edge_asr.metrics import Metrics


class Device(NamedTuple):
    """Who this is: the id in topics and events, the name for people, the version of the program."""

    id: str
    name: str
    version: str


class Reach(NamedTuple):
    """All of it is for any thread and waits for nobody."""

    config: HttpConfig
    access: Access
    board: Board
    liveness: Liveness
    metrics: Metrics
    controls: Controls
    hub: Hub
    device: Device
    guests: Guests
