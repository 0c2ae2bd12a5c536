"""What the doctor says of a model that listens alone."""

from pathlib import Path

import pytest

from edge_asr.config import Config, ModelsConfig
from edge_asr.doctor.model import model, speed
from tests.asr.moonshine import tiny_moonshine


def test_moonshine_alone_is_tried_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_moonshine.bundle(tmp_path)
    config = Config(models=ModelsConfig(dir=str(tmp_path), bundle="tiny"))
    found, recognizer = model(config, full=True)
    assert (found.level, found.text.endswith("it listens alone, its text is in the partials")) == ("ok", True)
    assert speed(config, recognizer).level == "ok"
    times = iter([0, 3_900_000_000])
    monkeypatch.setattr("edge_asr.doctor.model.time.monotonic_ns", lambda: next(times))
    slow = speed(config, recognizer)
    assert slow.level == "warn"
    assert "models.bundle=en" in slow.fix
