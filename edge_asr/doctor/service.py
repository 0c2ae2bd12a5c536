"""Whether systemd looks after this process."""

import os
from collections.abc import Mapping

from edge_asr.doctor.finding import Finding, ok, warn
from edge_asr.systemd import Notifier, watchdog_interval_s

CHECK = "systemd"


def service(environment: Mapping[str, str] | None = None) -> Finding:
    """What the variables say that systemd gives to its services."""
    variables = os.environ if environment is None else environment
    if not variables.get("INVOCATION_ID") and not variables.get("NOTIFY_SOCKET"):
        return ok(CHECK, "not started by it, so nothing restarts this process")
    if not Notifier(variables).present:
        return warn(CHECK, "started by it, which does not ask to be told when we are ready", "Type=notify in the unit")
    interval_s = watchdog_interval_s(variables)
    if interval_s is None:
        return warn(CHECK, "started by it, without a watchdog", "WatchdogSec=30 in the unit")
    return ok(CHECK, f"started by it, watchdog every {interval_s:g} s")
