"""What the wired daemon holds on to, and how it ends."""

import gc
import signal
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_asr.app import run_daemon
from edge_asr.config import Config, GateConfig, ModelsConfig, MqttConfig
from edge_asr.supervisor import Supervisor
from tests.asr.moonshine import tiny_moonshine
from tests.fakes import LoudRecognizer

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    tiny_moonshine.bundle(tmp_path)
    return Config(
        models=ModelsConfig(dir=str(tmp_path), bundle="tiny"),
        gate=GateConfig(vad="webrtc"),
        mqtt=MqttConfig(enabled=False),
    )


def test_a_model_that_has_been_exchanged_is_not_kept_in_memory(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[object] = []

    def run(supervisor: Supervisor) -> int:
        pipeline = supervisor._worker._pipeline  # type: ignore[attr-defined]
        first = weakref.ref(pipeline._recognizer)
        assert first() is not None
        pipeline.exchange(LoudRecognizer())
        gc.collect()
        left.append(first())
        return 0

    monkeypatch.setattr(Supervisor, "run", run)
    assert run_daemon(config) == 0
    assert left == [None]


@pytest.mark.parametrize(("computes", "left"), [(True, [3]), (False, [])])
def test_who_leaves_a_thread_behind_that_computes_leaves_without_the_interpreters_end(
    computes: bool, left: list[int], config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(supervisor: Supervisor) -> int:
        supervisor.left_behind = computes
        return 3

    codes: list[int] = []
    monkeypatch.setattr(Supervisor, "run", run)
    monkeypatch.setattr("os._exit", codes.append)
    monkeypatch.setattr("logging.shutdown", lambda: None)
    assert run_daemon(config) == 3
    assert codes == left
