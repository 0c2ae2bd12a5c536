import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "code",
    [
        "import edge_asr.asr.kaldi.network",
        "import edge_asr_export.self_check",
        "import edge_asr, onnxruntime",
    ],
)
def test_onnxruntime_is_silent_from_its_import_on(tmp_path: Path, code: str) -> None:
    """Its telemetry, once begun, leaves an identifier in the temporary folder and a store in the home folder."""
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    # under these it is silent anyway, which would prove nothing
    quiet = {"CI", "TF_BUILD", "GITHUB_ACTIONS", "ORT_RUNNING_UNIT_TESTS", "ORT_DISABLE_TELEMETRY"}
    environment = {name: value for name, value in os.environ.items() if name not in quiet}
    environment |= {"HOME": str(home), "TMPDIR": str(temporary), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        environment.pop(name, None)
    root = Path(__file__).parents[1]
    environment["PYTHONPATH"] = os.pathsep.join([str(root), str(root / "models" / "export")])
    check = f"{code}\nimport sys\nassert 'onnxruntime' in sys.modules"
    subprocess.run([sys.executable, "-c", check], env=environment, check=True, timeout=60)
    assert [*home.rglob("*"), *temporary.rglob("*")] == []
