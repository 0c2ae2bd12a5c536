"""A short run of `make ears` on each sound server, and what its judge calls a breach."""

import sys
from pathlib import Path

import numpy as np
import pytest

from tests import pipewire_server
from tests.ears.run import report, run
from tests.ears.watch import Watch

_LIAR = """
import json, time
for number in range(3):
    now = time.monotonic_ns()
    print(json.dumps({"at_ns": now, "status": STATUS, "reason": "", "stream_id": "a", "chunk_ns": now,
        "sound_ns": now - 7_000_000_000, "fed": number == 0, "threads": 1, "descriptors": 3}), flush=True)
    time.sleep(0.05)
"""


@pytest.mark.pulse
@pytest.mark.parametrize("server", ["pulseaudio", "pipewire"])
def test_some_faults_in_random_order_leave_it_hearing(server: str, tmp_path: Path) -> None:
    if server == "pipewire" and (packages := pipewire_server.missing()):
        pytest.skip(f"not installed: {packages}")
    ears = run(server, "auto", 8, 4, tmp_path)
    assert ears.breaches == [], report(ears)
    assert sum(ears.faults.values()) == 8
    assert len(ears.all_again_s()) == 8
    assert np.isfinite(ears.all_again_s()).all()


@pytest.mark.parametrize(("status", "undeclared"), [("healthy", True), ("silent", False), ("lost", False)])
def test_who_says_that_it_hears_and_is_deaf_is_found_out(
    status: str, undeclared: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    liar = tmp_path / "liar.py"
    liar.write_text(_LIAR.replace("STATUS", repr(status)))
    monkeypatch.setattr("tests.ears.watch.LISTENER", [sys.executable, str(liar)])
    with Watch("pulse:usb_mic", "auto", {}) as watch:
        assert watch.wait_for(lambda beat: beat["fed"] is False, 10.0) is not None
        watch.wait_for(lambda _: False, 0.3)
    assert (watch.undeclared_s > 5.0) is undeclared
    assert watch.unfed_s > 0.0
