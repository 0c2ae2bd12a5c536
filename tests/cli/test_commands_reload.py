"""`edge-asr commands reload` where nobody can answer; with a daemon it is tried in tests/e2e."""

from pathlib import Path

import pytest

from edge_asr.cli.main import main


@pytest.mark.parametrize("setting", ["mqtt.enabled=false", "mqtt.protocol=3.1.1"])
def test_it_is_not_waited_for_an_answer_that_cannot_come(
    setting: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.toml").touch()
    assert main(["commands", "reload", "--config", str(tmp_path / "empty.toml"), "--set", setting]) == 78
    complaint = capsys.readouterr().err
    assert setting.partition("=")[0] in complaint
    assert "sudo systemctl reload edge-asr" in complaint
