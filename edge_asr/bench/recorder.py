"""What comes from a source of PulseAudio, as it comes: for the second listener, and for a peer."""

import os
import subprocess
from collections.abc import Mapping

RATE_HZ = 16_000
_BLOCKS = "--latency-msec=20"  # as the daemon asks for by default: another listener changes nothing for it


def recorder(source: str, variables: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
    """A process that writes mono s16le at RATE_HZ; without a reader it ends by itself. variables: of the server."""
    return subprocess.Popen(
        ["parec", f"--device={source}", f"--rate={RATE_HZ}", "--channels=1", "--format=s16le", _BLOCKS],
        stdout=subprocess.PIPE,
        env={**os.environ, **(variables or {})},
        start_new_session=True,  # Ctrl-C in the terminal is for us
    )
