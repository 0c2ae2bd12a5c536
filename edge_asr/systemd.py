"""What systemd wants to hear of a service: sd_notify(3) without libsystemd; silent where there is no systemd."""

import os
import socket
from collections.abc import Mapping

_SEND_DEADLINE_S = 1.0
_US_PER_S = 1_000_000


class Notifier:
    """Sends states to $NOTIFY_SOCKET; without that variable every method does nothing. Any thread; never raises."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        variables = os.environ if environment is None else environment
        address = variables.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address  # '@': the abstract namespace

    @property
    def present(self) -> bool:
        """Whether systemd asked to be told."""
        return bool(self._address)

    def ready(self) -> None:
        """The service is up."""
        self._send("READY=1")

    def extend_timeout(self, seconds: float) -> None:
        """The start goes on and may take `seconds` more from now, whatever TimeoutStartSec= says."""
        self._send(f"EXTEND_TIMEOUT_USEC={seconds * _US_PER_S:.0f}")

    def stopping(self) -> None:
        """The service is on its way down."""
        self._send("STOPPING=1")

    def watchdog(self) -> None:
        """The service is alive; wanted within every `watchdog_interval_s`."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send("STATUS=" + " ".join(text.split()))

    def _send(self, state: str) -> bool:
        if not self._address:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.settimeout(_SEND_DEADLINE_S)
                channel.sendto(state.encode(), self._address)
        except OSError:  # systemd is restarting itself, or the socket is not visible from here: not our fault to mend
            return False
        return True


def watchdog_interval_s(environment: Mapping[str, str] | None = None) -> float | None:
    """Seconds within which systemd wants a WATCHDOG=1 of this process; None when it wants none."""
    variables = os.environ if environment is None else environment
    wanted_us, wanted_pid = variables.get("WATCHDOG_USEC", ""), variables.get("WATCHDOG_PID", "")
    if not (wanted_us.isascii() and wanted_us.isdigit() and int(wanted_us) > 0):
        return None
    if wanted_pid and wanted_pid != str(os.getpid()):
        return None  # meant for another process of the service
    return int(wanted_us) / _US_PER_S
