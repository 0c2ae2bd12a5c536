"""Finals, as a broker took them and as a subscriber received them."""

from edge_asr.demo.broker import Broker
from edge_asr.events import FinalEvent, decode


def texts(payloads: list[bytes]) -> list[str]:
    events = [decode(payload) for payload in payloads]
    return [event.text for event in events if isinstance(event, FinalEvent)]


def finals_taken(broker: Broker) -> int:
    return sum("Received PUBLISH" in line and "/final'" in line for line in broker.log.splitlines())
