"""The long run: python -m tests.ears [--server S] [--faults N] [--seed N] [--backend B]; 1 for a broken promise."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.ears.run import SERVERS, report, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.ears", description=__doc__)
    parser.add_argument("--server", choices=[*SERVERS, "both"], default="both", help="which sound server (both)")
    parser.add_argument("--backend", default="auto", help="audio.backend (auto)")
    parser.add_argument("--faults", type=int, default=60, metavar="N", help="so many on each (60)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another one is another order of faults (1)")
    args = parser.parse_args()
    breaches = 0
    for server in SERVERS if args.server == "both" else [args.server]:
        with tempfile.TemporaryDirectory(prefix="edge-asr-ears-") as folder:
            ears = run(server, args.backend, args.faults, args.seed, Path(folder))
        sys.stdout.write(f"seed {args.seed}: {report(ears)}\n")
        sys.stdout.flush()
        breaches += len(ears.breaches)
    return 1 if breaches else 0


if __name__ == "__main__":
    raise SystemExit(main())
