"""Fuzzed commands by the million: python -m tests.fuzz [--messages N] [--seed N]; exit code 1 when something is wrong.

It is a program of its own because it measures its memory.
"""

import argparse
import gc
import resource
import sys
import time
from pathlib import Path

from tests.fuzz.commands import House, messages

_FLOOD = 1000  # messages that come before anybody takes any; one in ten is part of one
_GROWTH_KIB = 2048  # between the first tenth and the end; the allocator's own comings and goings are below it


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000, metavar="N", help="so many (1000000)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another one is another million (1)")
    args = parser.parse_args()
    house, began = House(), time.monotonic()
    most_faults = flooded = 0
    warm_kib = None
    for number, sent in enumerate(messages(args.seed, args.messages)):
        if number // _FLOOD % 10 == 9:
            house.deliver(sent)
            flooded += 1
            if number % _FLOOD == _FLOOD - 1:
                most_faults = max(most_faults, house.take())
        else:
            house.receive(sent)
        if warm_kib is None and number >= args.messages // 10:
            warm_kib = _resident_kib()
    house.take()
    seconds = time.monotonic() - began
    growth_kib = _resident_kib() - (warm_kib or 0)
    counts = ", ".join(f"{count} {name}" for name, count in house.outcomes.most_common())
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(
        f"seed {args.seed}: {args.messages} messages in {seconds:.0f} s: {counts}, {flooded} in floods\n"
        f"at most {most_faults} refusals and answers waited after a flood of {_FLOOD}\n"
        f"memory grew by {growth_kib} KiB since the first tenth, peak {peak_kib} KiB\n"
    )
    return 1 if growth_kib > _GROWTH_KIB else 0


def _resident_kib() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


if __name__ == "__main__":
    raise SystemExit(main())
