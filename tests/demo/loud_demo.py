"""`edge-asr demo OPTIONS` with the loud daemon in the place of the real one."""

import functools
import sys

import edge_asr.cli.demo
from edge_asr.cli.main import main

if __name__ == "__main__":
    command = (sys.executable, "-m", "tests.demo.loud_daemon")
    edge_asr.cli.demo.TryOut = functools.partial(edge_asr.cli.demo.TryOut, daemon=command)  # type: ignore[misc, assignment]
    raise SystemExit(main(["demo", *sys.argv[1:]]))
