"""The peer of `bench publish`: paho alone, with nothing of ours around it."""

import time
from collections.abc import Sequence

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edge_asr.errors import SinkError

_POLL_S = 0.005
_DEADLINE_S = 120.0


def publish_all(host: str, port: int, topic: str, payloads: Sequence[bytes]) -> None:
    """Connect, publish each with QoS 1, wait until the broker has acknowledged the last, disconnect.

    paho's own defaults: MQTT 3.1.1, twenty unacknowledged messages at most. Raises SinkError when it takes too long.
    """
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect(host, port)
    client.loop_start()
    try:
        last = [client.publish(topic, payload, qos=1) for payload in payloads][-1]
        deadline = time.monotonic() + _DEADLINE_S
        while not last.is_published():
            if time.monotonic() > deadline:
                raise SinkError(f"the broker at {host}:{port} did not take {len(payloads)} messages: is it overloaded?")
            time.sleep(_POLL_S)
    finally:
        client.disconnect()
        client.loop_stop()
