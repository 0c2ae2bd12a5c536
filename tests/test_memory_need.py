"""What the models take of a limit, what is said before it kills, and that running out of memory names a way out."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from edge_asr.asr.bundle import load_bundle
from edge_asr.config import CommandsConfig, Config, ModelsConfig, SecondPassConfig
from edge_asr.errors import EXIT_CONFIG, ConfigError, ModelError, TooBigError
from edge_asr.memory_limit import MemoryLimit
from edge_asr.memory_need import fitting, memory_need_bytes, warn_of_memory, what_takes_less
from edge_asr.settings import model_folder
from tests.asr.moonshine import tiny_moonshine

MB = 1_000_000


def moonshine(folder: Path) -> Config:
    tiny_moonshine.bundle(folder)
    return Config(models=ModelsConfig(dir=str(folder), bundle="tiny"))


def test_the_need_grows_with_the_model(tmp_path: Path) -> None:
    config = moonshine(tmp_path)
    size = sum(file.bytes for file in load_bundle(tmp_path, "tiny").manifest.files.values())
    assert memory_need_bytes(config) == 110 * MB + 3 * size
    assert 'models.bundle = "en"' in what_takes_less(config)


@pytest.mark.bundle
def test_the_second_pass_is_what_can_be_left_out(tmp_path: Path) -> None:
    alone = Config(second_pass=SecondPassConfig(enabled=False))
    assert memory_need_bytes(alone) == 110 * MB
    assert "no model takes less" in what_takes_less(alone)


@pytest.mark.bundle
def test_a_model_that_weighs_commands_alone_counts_and_can_be_left_out() -> None:
    plain = Config(second_pass=SecondPassConfig(enabled=False))
    config = replace(plain, commands=CommandsConfig(sentences="sentences.txt", mode="commands", second_opinion=True))
    folder = model_folder(config)
    name = config.second_pass.bundle
    if not (folder / name).is_dir():
        pytest.skip(f"the bundle {name!r} is not installed: edge-asr models pull {name}")
    size = sum(file.bytes for file in load_bundle(folder, name).manifest.files.values())
    assert memory_need_bytes(config) == 110 * MB + 3 * size
    assert "second_pass.enabled = false and commands.second_opinion = false" in what_takes_less(config)
    open_speech = replace(config, commands=replace(config.commands, mode="open"))
    assert memory_need_bytes(open_speech) == memory_need_bytes(plain)


def test_who_has_too_little_is_told_before_the_kernel_kills(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = moonshine(tmp_path)
    with caplog.at_level(logging.WARNING):
        warn_of_memory(config, MemoryLimit(400 * MB, 0))
        assert caplog.records == []
        warn_of_memory(config, MemoryLimit(100 * MB, 0))
    [record] = caplog.records
    assert "its memory is limited to 100 MB, the models want about 110 MB" in record.getMessage()
    assert "the kernel may kill the daemon" in record.getMessage()
    warn_of_memory(Config(models=ModelsConfig(dir=str(tmp_path / "none"))), MemoryLimit(1, 0))  # loading tells that


def test_memory_that_runs_out_while_loading_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    config = moonshine(tmp_path)
    bundle = load_bundle(tmp_path, "tiny")
    for fault in (MemoryError("std::bad_alloc"), TooBigError("there is not enough memory to load x.onnx")):
        with (
            pytest.raises(ModelError, match=r"not enough memory to load .*; set models\.bundle"),
            fitting(config, bundle),
        ):
            raise fault
    with pytest.raises(ConfigError, match="as it was"), fitting(config, bundle):
        raise ConfigError("as it was")


@pytest.mark.bundle
def test_a_process_that_may_have_little_says_so_in_one_line(tmp_path: Path) -> None:
    """350 MB of addresses hold the program and not the graph, whether it is mapped or read."""
    script = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (350 << 20, 350 << 20));"
        "from edge_asr.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ["transcribe", "--set", "second_pass.enabled=false", "--set", "gate.vad=webrtc", "-"]
    done = subprocess.run(
        [sys.executable, "-c", script, *words], input=b"", capture_output=True, timeout=60, check=False
    )
    last = done.stderr.decode().splitlines()[-1]
    assert "there is not enough memory to load" in last, done.stderr
    assert last.endswith("give it more memory: no model takes less than this one")
    assert done.returncode == EXIT_CONFIG
    assert b"Traceback" not in done.stderr
