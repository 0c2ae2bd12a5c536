"""A bundle is there whole or not at all, whenever the process dies."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge_asr.errors import EdgeAsrError, ModelError
from edge_asr_export.install import install, locked, remove

# Forks once for each system call that the work makes, and dies by SIGKILL right before that call.
KILLER = """
import json, os, signal, sys
from pathlib import Path
from edge_asr_export.install import install, locked, remove

def build(text):
    def fill(bundle, work):
        (work / "temporary").write_text("x")
        for name in ("a", "b"):
            (bundle / name).write_text(text)
    return fill

def work(models, action):
    with locked(models):
        if action == "remove":
            remove(models, "en")
        else:
            install(models, "en", build("new"))

def child(models, action, fatal):
    calls = 0
    def hook(event, arguments):
        nonlocal calls
        if event.startswith(("os.", "open", "shutil.", "fcntl.", "tempfile.")):
            calls += 1
            if calls == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    work(models, action)
    os._exit(0)

root, action, old = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "old"
seen, fatal, code = [], 1, None
while code != 0:
    models = root / str(fatal)
    models.mkdir()
    if old:
        with locked(models):
            install(models, "en", build("old"))
    process = os.fork()
    if process == 0:
        child(models, action, fatal)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    target = models / "en"
    seen.append([code, sorted((path.name, path.read_text()) for path in target.iterdir()) if target.exists() else None])
    with locked(models):
        pass
    leftovers = sorted(path.name for path in models.iterdir() if path.name.startswith("."))
    assert leftovers == [".lock"], leftovers
    fatal += 1
print(json.dumps(seen))
"""
OLD, NEW = [["a", "old"], ["b", "old"]], [["a", "new"], ["b", "new"]]


@pytest.mark.parametrize(("action", "before"), [("install", "old"), ("install", "none"), ("remove", "old")])
def test_death_before_any_system_call_leaves_all_of_a_bundle_or_none(action: str, before: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", KILLER, str(tmp_path), action, before]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout)
    states = [state for _, state in seen]
    assert len(seen) > 10
    assert all(code == -9 for code, _ in seen[:-1])
    last = NEW if action == "install" else None
    assert (seen[-1][0], states[-1]) == (0, last)
    # First the old state, perhaps none for a moment, then the new one; nothing else, and never back.
    order = [state for index, state in enumerate(states) if index == 0 or states[index - 1] != state]
    assert (
        order in ([OLD, None, NEW], [OLD, NEW])
        if (action, before) == ("install", "old")
        else order
        == [
            OLD if before == "old" else None,
            last,
        ]
    )


def test_a_builder_that_fails_leaves_the_old_bundle_and_no_trace(tmp_path: Path) -> None:
    def good(bundle: Path, _: Path) -> None:
        (bundle / "a").write_text("old")

    def bad(bundle: Path, work: Path) -> None:
        (bundle / "a").write_text("new")
        (work / "b").write_text("x")
        raise KeyboardInterrupt

    with locked(tmp_path):
        install(tmp_path, "en", good)
    with pytest.raises(KeyboardInterrupt), locked(tmp_path):
        install(tmp_path, "en", bad)
    assert (tmp_path / "en/a").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "en"]


def test_only_one_holds_the_folder(tmp_path: Path) -> None:
    with locked(tmp_path):
        with pytest.raises(EdgeAsrError, match="wait until it is done") as caught, locked(tmp_path):
            pass
        assert not isinstance(caught.value, ModelError)  # nothing is wrong with the model: trying again helps
    with locked(tmp_path):
        pass


def test_removing_what_is_not_there_says_so(tmp_path: Path) -> None:
    with locked(tmp_path):
        assert not remove(tmp_path, "en")
