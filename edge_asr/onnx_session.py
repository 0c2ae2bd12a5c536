"""How every network of the house is opened on onnxruntime."""

from pathlib import Path
from typing import Any

import onnxruntime as ort

from edge_asr.errors import ModelError, TooBigError

_NO_MEMORY = "bad_alloc"  # C++'s word for it, alone or within the runtime's own
_FATAL = 4  # what is less is raised, and said by us


def open_session(path: Path, threads: int, *, any_length: bool = False) -> Any:
    """Session of the network at `path`; raises ModelError.

    Its threads sleep while they have nothing to do: spinning cost more than half of the CPU and made nothing faster.
    any_length: its runs differ in length, so nothing is to be planned, and remembered, for each of them.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = _FATAL
    options.enable_mem_pattern = not any_length
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        if isinstance(error, MemoryError) or _NO_MEMORY in str(error):
            raise TooBigError(f"there is not enough memory to load {path}") from error
        raise ModelError(f"{path} is not a network that onnxruntime can load: {first_line(error)}") from error


def run_options(*, gives_back: bool = False) -> Any:
    """Options of runs; setting `terminate` makes what computes with them fail soon.

    gives_back: what a run needed goes back to the kernel at its end; else the session keeps it for the next one.
    """
    options = ort.RunOptions()
    options.log_severity_level = _FATAL
    if gives_back:
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def first_line(error: Exception) -> str:
    """What an exception of the runtime says, as one line."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
