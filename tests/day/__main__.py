"""A day at full speed: python -m tests.day --speech FOLDER [--hours N] [--seed N] [--exchange]; 1: broken promise."""

import argparse
import sys
from pathlib import Path

from edge_asr.config import Config
from tests.day.run import report, run
from tests.day.sounds import recordings


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.day", description=__doc__)
    parser.add_argument("--hours", type=float, default=6.0, metavar="N", help="so many hours of sound (6)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another one is another day (1)")
    parser.add_argument(
        "--speech", type=Path, required=True, metavar="FOLDER", help="speech, with a folder `noise` in it"
    )
    parser.add_argument("--exchange", action="store_true", help="models loaded anew too, which tear holes in the heap")
    args = parser.parse_args()
    speech, noises = recordings(args.speech), sorted((args.speech / "noise").glob("*.flac"))
    if not speech:
        parser.error(f"--speech {args.speech}: no WAV or FLAC files in it")
    day = run(args.hours, args.seed, speech, noises, Config(), exchange=args.exchange)
    sys.stdout.write(f"seed {args.seed}: {report(day)}\n")
    return 1 if day.breaches else 0


if __name__ == "__main__":
    raise SystemExit(main())
