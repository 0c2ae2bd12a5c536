"""`edge-asr demo OPTIONS` with the loud daemon in the place of the real one."""

import functools
import sys
from typing import Any

import edge_asr.cli.demo
from edge_asr.cli.main import main
from edge_asr.demo.tryout import TryOut

if __name__ == "__main__":
    command = (sys.executable, "-m", "tests.demo.loud_daemon")
    patched: Any = edge_asr.cli.demo
    patched.TryOut = functools.partial(TryOut, daemon=command)
    raise SystemExit(main(["demo", *sys.argv[1:]]))
