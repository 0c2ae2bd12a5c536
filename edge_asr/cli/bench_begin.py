"""What a measurement says before it begins: on what machine, and what is going to happen."""

import sys

from edge_asr.bench.machine import Setting


def begin(now: Setting, what: str, *, quiet_wanted: bool = False) -> None:
    """Say it. quiet_wanted: times mean less on a busy machine, and it is told that it is one."""
    print(now.line())
    if quiet_wanted and now.busy:
        print(f"The machine is not idle (load {now.load_1min:.2f}): times are longer than they need be.")
    print(f"edge-asr bench: {what}", file=sys.stderr, flush=True)
