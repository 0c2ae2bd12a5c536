import platform

import msgspec
import pytest

from edge_asr import __version__
from edge_asr.bench.machine import setting
from edge_asr.config import Config


@pytest.mark.bundle
def test_a_measurement_says_on_what_it_was_made() -> None:
    now = setting(Config(), ["no-such-package"])
    line = now.line()
    for part in (now.cpu, f"edge_asr {__version__}", platform.python_version(), "bundle en "):
        assert part in line
    assert now.cpu
    assert now.cores >= 1
    assert now.versions["no-such-package"] == "(not installed)"


@pytest.mark.bundle
def test_a_busy_machine_is_known() -> None:
    now = setting(Config())
    assert msgspec.structs.replace(now, load_1min=0.51).busy
    assert not msgspec.structs.replace(now, load_1min=0.5).busy
