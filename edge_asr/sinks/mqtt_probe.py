"""Whether we may log in at the broker and publish, and hear it back.

MQTT 3.1.1 has no answer for "you may not publish this": the broker takes the message and drops it. So the message is
waited for; when it does not come back, a second session in MQTT 5 asks for the reason code.
"""

import secrets
from typing import Literal

from edge_asr.config import MqttConfig
from edge_asr.errors import SinkError
from edge_asr.sinks.broker_session import STEP_DEADLINE_S, BrokerSession, where


def publish_and_hear(config: MqttConfig, topic: str, client_id: str) -> Literal["heard", "taken"]:
    """Publish to `topic` (QoS 1, not retained) as the daemon would, under another client id than the daemon's.

    "heard": it came back. "taken": the broker lets this user publish, but not read. Raises SinkError with the fix, and
    ConfigError. One thread, which it may hold for some 30 s.
    """
    payload = secrets.token_hex(8).encode()
    with BrokerSession(config, client_id) as session:
        may_read = session.subscribe(topic)
        session.publish(topic, payload)

        def came_back() -> bool:
            return any(heard.payload == payload for heard in session.heard)

        session.listen(STEP_DEADLINE_S if may_read else 0.0, came_back)
        if came_back():
            return "heard"
    try:
        with BrokerSession(config, client_id, says_why=True) as session:
            refusal = session.publish(topic, payload)
    except SinkError:
        refusal = "it does not say why"
    if not refusal:
        return "taken"
    raise SinkError(
        f"{where(config)} lets {config.username or 'us'} in and drops what is published to {topic} ({refusal}): allow "
        f"it in the broker's access list, in mosquitto's by: topic readwrite {topic.rpartition('/')[0]}/#"
    )
