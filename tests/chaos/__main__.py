"""The long chaos run: python -m tests.chaos [--faults N] [--finals N] [--seed N]; exit code 1 for a broken promise."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos.chaos import run
from tests.chaos.verdict import report


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--faults", type=int, default=200, metavar="N", help="at least so many (200)")
    parser.add_argument("--finals", type=int, default=2000, metavar="N", help="at least so many (2000)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another one is another order of faults (1)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="edge-asr-chaos-") as folder:
        faults, verdict = run(args.seed, Path(folder), args.faults, args.finals)
    sys.stdout.write(f"seed {args.seed}: {report(faults, verdict)}\n")
    return 1 if verdict.breaches else 0


if __name__ == "__main__":
    raise SystemExit(main())
