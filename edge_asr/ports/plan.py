"""What is to be opened on a port."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple


class PortPlan(NamedTuple):
    """section: of the configuration; the thread, the log and the counters bear its name too.

    serving: in the port's loop, listens for as long as its block lasts; raises OSError when the port cannot be had. It
    loads what the server is made of, which is not wanted while the port is off.
    """

    section: str
    port: int
    for_whom: str
    serving: Callable[[], AbstractAsyncContextManager[None]]
