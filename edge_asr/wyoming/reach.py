"""What the Wyoming port can reach of the house."""

from collections.abc import Callable
from typing import NamedTuple

from edge_asr.asr.manifest import Manifest
from edge_asr.config import WyomingConfig
from edge_asr.guests.house import Guests
from edge_asr.metrics import Metrics


class WyomingReach(NamedTuple):
    """All of it is for any thread and waits for nobody; what the microphone hears is not among it.

    manifest: of the bundle with that name; raises ModelError where it is not there any more.
    """

    config: WyomingConfig
    device_id: str
    device_name: str
    version: str
    guests: Guests
    metrics: Metrics
    manifest: Callable[[str], Manifest]
