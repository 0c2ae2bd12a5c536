"""Lines and exit codes of findings."""

from edge_asr.doctor.finding import SIGNS, WORDS, exit_code, fail, failed, ok, skip, warn
from edge_asr.errors import CaptureError, ModelError


def test_a_finding_is_one_line_with_its_fix() -> None:
    finding = fail("broker", "nothing\nlistens", "start it")
    assert finding.line(WORDS) == "FAIL broker         nothing listens; fix: start it"
    assert finding.line(SIGNS) == "✗ broker         nothing listens; fix: start it"
    assert ok("model", "en").line(WORDS) == "ok   model          en"


def test_the_exit_code_is_the_gravest_fault() -> None:
    harmless = [ok("a", "x"), warn("b", "x"), skip("c", "x")]
    microphone, model = failed("m", CaptureError("x")), failed("n", ModelError("x"))
    assert exit_code([]) == exit_code(harmless) == 0
    assert exit_code([*harmless, microphone]) == 1
    assert exit_code([model, microphone]) == exit_code([microphone, model]) == 78
