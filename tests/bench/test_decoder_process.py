import numpy as np
import pytest

from edge_asr.bench.decoder_process import DecoderProcess
from edge_asr.bench.process_usage import usage
from edge_asr.errors import EdgeAsrError

MODULE = "tests.bench.counting_decoder"
SAMPLES = np.array([-2, 5, 7], dtype=np.int16)


@pytest.mark.parametrize("mood", ["plain", "noisy"])
def test_samples_arrive_and_the_answer_comes_back(mood: str, capfd: pytest.CaptureFixture[str]) -> None:
    with DecoderProcess(MODULE, [mood]) as process:
        assert process.decode("count", SAMPLES, 8000).text == "3 samples at 8000, first -2"
        assert process.decode("count", np.zeros(300_000, np.int16), 16000).text == "300000 samples at 16000, first 0"
    assert ("a library prints" in capfd.readouterr().err) == (mood == "noisy")


def test_tokens_and_spans_come_back_where_there_are_any() -> None:
    with DecoderProcess(MODULE, ["plain"]) as process:
        spelt, counted = (process.decode(how, SAMPLES, 8000) for how in ("spell", "count"))
    assert (spelt.text, spelt.tokens) == ("ä b", ("▁ä", "▁b"))
    assert counted.tokens is None
    assert (spelt.spans, counted.spans) == (((0.5, 1.25),), ())


def test_cpu_time_is_counted_and_waiting_is_not() -> None:
    with DecoderProcess(MODULE, ["plain"]) as process:
        decoded = process.decode("busy", SAMPLES, 8000)
    assert decoded.cpu_s == pytest.approx(0.1, abs=0.05)
    assert decoded.wall_s >= 0.199
    assert process._child.returncode == 0


def test_what_is_made_anew_for_a_recording_costs_it_nothing() -> None:
    with DecoderProcess(MODULE, ["renewing"]) as process:
        decoded = process.decode("count", SAMPLES, 8000)
    assert decoded.cpu_s < 0.05
    assert decoded.wall_s < 0.15  # `renew` takes 0.2 s


def test_the_start_is_known_once_the_model_is_loaded() -> None:
    with DecoderProcess(MODULE, ["plain"]) as process:
        started, cpu_s = process.started, usage(process.pid).cpu_s
    assert 0 < started.cpu_s <= cpu_s + 0.02
    assert started.wall_s > 0


def test_a_fault_of_loading_is_its_own_line() -> None:
    with pytest.raises(EdgeAsrError, match=r"^there is no model 'xx'; run: edge-asr models pull xx$"):
        DecoderProcess(MODULE, ["faulty"]).__enter__()


def test_a_child_that_dies_is_said_to_have() -> None:
    with DecoderProcess(MODULE, ["plain"]) as process:
        with pytest.raises(EdgeAsrError, match=r"ended with exit code 3 in mid-measurement"):
            process.decode("dying", SAMPLES, 8000)
        with pytest.raises(EdgeAsrError, match="exit code 3"):
            process.decode("count", np.zeros(300_000, np.int16), 8000)


def test_a_module_that_is_not_there() -> None:
    with pytest.raises(EdgeAsrError, match=r"tests\.bench\.nothing ended with exit code 1"):
        DecoderProcess("tests.bench.nothing", []).__enter__()


def break_off(process: DecoderProcess) -> None:
    """Ask, and be interrupted before the answer."""
    with process:
        assert process._child.stdin is not None
        process._child.stdin.write(b'{"how": "busy", "sample_rate_hz": 8000, "bytes": 0}\n')
        process._child.stdin.flush()
        raise KeyboardInterrupt


def test_a_measurement_that_is_broken_off_leaves_nothing_and_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    process = DecoderProcess(MODULE, ["plain"])
    with pytest.raises(KeyboardInterrupt):
        break_off(process)
    assert process._child.returncode is not None
    assert capfd.readouterr().err == ""
