import os
import subprocess
import sys
import time

import pytest

from edge_asr.bench.process_usage import usage
from edge_asr.errors import EdgeAsrError


def test_cpu_seconds_are_those_of_the_process() -> None:
    before, began_s = usage(os.getpid()), time.process_time()
    while time.process_time() - began_s < 0.2:
        pass
    spent_s = usage(os.getpid()).cpu_s - before.cpu_s
    assert spent_s == pytest.approx(time.process_time() - began_s, abs=0.05)


def test_memory_in_mib() -> None:
    held = bytearray(os.urandom(1)) * (64 << 20)
    with_it = usage(os.getpid())
    assert 64 < with_it.resident_mib <= with_it.peak_mib
    del held
    without = usage(os.getpid())
    assert without.resident_mib < with_it.resident_mib - 50
    assert without.peak_mib > without.resident_mib + 50


def test_a_process_that_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    with pytest.raises(EdgeAsrError, match=f"process {child.pid} ended"):
        usage(child.pid)


def test_a_zombie_is_gone_too() -> None:
    child = subprocess.Popen([sys.executable, "-c", "print(flush=True)"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout:
        child.stdout.read()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(EdgeAsrError, match="ended while it was measured"):
        usage(child.pid)
    child.wait()
