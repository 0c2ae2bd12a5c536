"""Takes a device off the broker: everything of it that is retained there."""

from edge_asr.commands import CONTROLS
from edge_asr.config import MqttConfig
from edge_asr.errors import SinkError
from edge_asr.sinks.broker_session import BrokerSession, where
from edge_asr.sinks.homeassistant import config_topic

_KEPT_COMES_S = 0.5  # what is retained follows the answer to a subscription at once


def remove_device(config: MqttConfig, device_id: str) -> list[str]:
    """Empty each retained topic of the device, Home Assistant's announcement first; returns those that held something.

    A topic that this user may not read counts as one that did. Raises SinkError with the fix: the broker cannot be
    reached, the daemon is online and would come back, or the broker's access list keeps us from it. ConfigError too.
    """
    topic = f"{config.topic_prefix}/{device_id}"
    availability = f"{topic}/availability"
    topics = [config_topic(config.discovery.prefix, device_id)]
    topics += [f"{topic}/state", f"{topic}/load", f"{topic}/ladder", f"{topic}/model/update"]
    topics += [*(f"{topic}/{control}/state" for control in CONTROLS), availability]
    with BrokerSession(config, f"edge_asr-{device_id}-remove") as session:
        readable = {each for each in topics if session.subscribe(each)}
        session.listen(_KEPT_COMES_S)
        before = {heard.topic: heard.payload for heard in session.heard if heard.retained}
        if before.get(availability) == b"online":
            raise SinkError(
                f"{device_id!r} is online at {where(config)} and would announce itself again: stop it first, "
                "sudo systemctl stop edge-asr"
            )
        for each in topics:
            session.publish(each, b"", retain=True)
    left = _left(config, device_id, topics)
    if left:
        raise SinkError(
            f"{where(config)} still holds {', '.join(left)}: allow {config.username or 'this client'} to write there "
            f"in the broker's access list, in mosquitto's by: topic readwrite {left[0]}"
        )
    return [each for each in topics if each in before or each not in readable]


def _left(config: MqttConfig, device_id: str, topics: list[str]) -> list[str]:
    """Topics that are still retained, as a newcomer sees it."""
    with BrokerSession(config, f"edge_asr-{device_id}-remove") as session:
        for each in topics:
            session.subscribe(each)
        session.listen(_KEPT_COMES_S)
        held = {heard.topic for heard in session.heard if heard.retained and heard.payload}
    return [each for each in topics if each in held]
