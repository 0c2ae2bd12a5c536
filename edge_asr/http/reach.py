"""What the HTTP port can reach of the house."""

from typing import NamedTuple

from edge_asr.config import HttpConfig
from edge_asr.http.access import Access
from edge_asr.http.board import Board
from edge_asr.liveness import Liveness
from edge_asr.metrics import Metrics


class Reach(NamedTuple):
    """All of it is for any thread and waits for nobody."""

    config: HttpConfig
    access: Access
    board: Board
    liveness: Liveness
    metrics: Metrics
