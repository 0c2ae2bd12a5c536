"""One message on its way to the broker, and the receipt for it."""

from typing import NamedTuple, Protocol

JSON, TEXT = "application/json", "text/plain"


class Message(NamedTuple):
    """One MQTT message. What is retained is a state: of each topic only the newest counts, none is missed.

    keep: whether the spool holds it, under `ticket`. expires_ns: when it is no longer worth sending, monotonic.
    stale_s: how long it is worth reading, here and, as MQTT 5 tells it, at the broker for who is slow; None: for ever.
    """

    topic: str
    payload: bytes
    qos: int
    retain: bool = False
    keep: bool = False
    ticket: int | None = None
    expires_ns: int | None = None
    content_type: str = JSON
    stale_s: int | None = None
    correlation: bytes | None = None


class Receipt(Protocol):
    """What became of a message that was handed to the connection."""

    @property
    def lost(self) -> bool:
        """Whether it never will arrive."""
        ...

    @property
    def refused(self) -> bool:
        """Whether the broker has answered that it does not want it; only MQTT 5 tells."""
        ...

    def settled(self, wait_s: float) -> bool:
        """Whether it has arrived or is lost, after at most about `wait_s`."""
        ...
