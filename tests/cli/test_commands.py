"""`edge-asr commands`: what is told of lists of sentences, and of recordings."""

import json
import subprocess
from pathlib import Path

import pytest

from edge_asr.asr.bundle import load_bundle
from edge_asr.config import CommandsConfig, Config
from edge_asr.demo.sample import sample
from edge_asr.errors import SentencesError
from edge_asr.listening_for import understand
from edge_asr.settings import model_folder
from tests.cli.bundles import has_lexicon
from tests.cli.command import edge_asr, the_one_line

pytestmark = pytest.mark.bundle
HOUSE = """
intents:
  Light:
    - "turn {state} the {room} light[s]"
    - "[please] turn on the kitchen light"
lists:
  room: {values: [kitchen, hall]}
  state: {values: ["on", "off"]}
expansion_rules: {idle: hello}
"""


@pytest.fixture(autouse=True)
def the_bundle_has_a_lexicon() -> None:
    if not has_lexicon():
        pytest.skip("the English bundle has no pronunciations; run: edge-asr models pull --force en")


def test_check_tells_sizes_doubts_and_what_has_two_meanings(tmp_path: Path) -> None:
    (tmp_path / "house.yaml").write_text(HOUSE)
    done = edge_asr(tmp_path, "commands", "check", str(tmp_path / "house.yaml"))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == ("2 sentences of 1 intent can be said in 10 ways, in 9 words, all known to the model 'en'")
    assert lines[1].startswith("graph of ")
    assert lines[2] == f"doubt: {tmp_path}/house.yaml:9:25: the rule <idle> is used by no sentence"
    assert (
        lines[3] == ("ambiguous: 'turn on the kitchen light' means Light state=on room=kitchen, and also Light")
        or lines[3] == "ambiguous: 'turn on the kitchen light' means Light, and also Light state=on room=kitchen"
    )
    assert len(lines) == 4


def test_check_says_so_when_all_is_well(tmp_path: Path) -> None:
    (tmp_path / "house.txt").write_text("turn on the light\ngood night = (good|sleep well)[ night]\n")
    done = edge_asr(tmp_path, "commands", "check", str(tmp_path))
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "every sentence has one meaning, and everything defined is used"


def test_a_fault_is_one_line_and_exit_code_78(tmp_path: Path) -> None:
    (tmp_path / "house.txt").write_text("turn on the lihgt\nturn on the bedrom (light)\n")
    line = the_one_line(edge_asr(tmp_path, "commands", "check", str(tmp_path / "house.txt")), 78)
    assert f"'lihgt' at {tmp_path}/house.txt:1:1" in line
    assert f"'bedrom' at {tmp_path}/house.txt:2:1 (near: bedroom" in line
    (tmp_path / "house.txt").write_text("turn (on\n")
    line = the_one_line(edge_asr(tmp_path, "commands", "test", "--sentences", str(tmp_path / "house.txt"), "a.wav"), 78)
    assert line.startswith(f"{tmp_path}/house.txt:1:6: '(' is never closed")


def test_check_looks_at_the_phrase_that_wakes_too(tmp_path: Path) -> None:
    (tmp_path / "house.txt").write_text("night = good night\nturn on the light\n")

    def check(phrase: str) -> subprocess.CompletedProcess[str]:
        words = ("commands", "check", str(tmp_path / "house.txt"), "--set", f"commands.wake_phrase={phrase}")
        return edge_asr(tmp_path, *words)

    good = check("(hey|okay) house")
    assert (good.returncode, good.stderr) == (0, "")
    lines = good.stdout.splitlines()
    assert lines[0].startswith("2 sentences of 2 intents can be said in 2 ways")
    assert lines[1] == "wake phrase: 2 ways to say it"
    assert lines[-1] == "every sentence has one meaning, and everything defined is used"
    same = check("good night").stdout.splitlines()
    assert len(same) == 4
    assert same[3].startswith("ambiguous: 'good night' means ")
    assert same[3].endswith(": either may be heard, and what is not the wake phrase does not count without it")
    begun = check("turn on").stdout.splitlines()
    assert begun[3].startswith("ambiguous: the wake phrase 'turn on' is also how 'turn on the light' begins: ")
    line = the_one_line(check("hey zorbl"), 78)
    assert "nobody knows how this word sounds: 'zorbl' at commands.wake_phrase:1:1 (near: " in line
    assert "commands.wake_phrase:1:5: '(' is never closed" in the_one_line(check("hey (house"), 78)
    assert "commands.wake_phrase:1:1: the phrase '[hey]' may be nothing" in the_one_line(check("[hey]"), 78)


def test_check_says_of_a_phrase_what_the_daemon_says(tmp_path: Path) -> None:
    (tmp_path / "house.txt").write_text("good night\n")
    told = []
    for phrase in ("hey zorbl", "hey (house", "[hey]", "hey <nobody>"):
        words = ["--set", f"commands.wake_phrase={phrase}"]
        checked = the_one_line(edge_asr(tmp_path, "commands", "check", str(tmp_path / "house.txt"), *words), 78)
        commands = CommandsConfig(sentences=str(tmp_path / "house.txt"), mode="commands", wake_phrase=phrase)
        with pytest.raises(SentencesError) as error:
            understand(commands, load_bundle(model_folder(Config()), "en"))
        told.append((checked, str(error.value)))
    assert [checked for checked, _ in told] == [daemon for _, daemon in told]


def test_recordings_are_understood_or_unknown_and_counted(tmp_path: Path) -> None:
    texts = [
        edge_asr(tmp_path, "transcribe", "--set", "second_pass.enabled=false", str(one)).stdout for one in sample()
    ]
    spoken = [text.strip() for text in texts]
    assert all(spoken)
    listed = spoken[0].replace(" ", " [(very|never)] ", 1)
    (tmp_path / "book.txt").write_text(f"first = {listed}\nsecond = {spoken[1]}\n")
    expected: list[dict[str, object]] = [
        {"path": str(path), "intent": intent, "slots": {}}
        for path, intent in zip(sample(), ["first", "second", "second", None, None], strict=True)
    ]
    (tmp_path / "expected.jsonl").write_text("\n".join(map(json.dumps, expected)))
    files = [str(path) for path in sample()]
    words = ["--sentences", str(tmp_path / "book.txt"), "--set", "endpoint.profile=patient"]
    done = edge_asr(tmp_path, "commands", "test", *words, "--expect", str(tmp_path / "expected.jsonl"), *files)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"right  {files[0]}: first (excess ")
    assert lines[1].startswith(f"right  {files[1]}: second (excess ")
    assert lines[2].startswith(f"WRONG  {files[2]}: unknown (excess ")
    assert lines[2].endswith(" expected second")
    assert lines[3].startswith(f"right  {files[3]}: unknown")
    assert lines[5].split() == ["expected", "first", "second", "unknown"]
    assert [line.split() for line in lines[6:9]] == [
        ["first", "1", "0", "0"],
        ["second", "0", "1", "1"],
        ["unknown", "0", "0", "2"],
    ]
    assert lines[9] == "4 of 5 wholly right, 0 with the right intent and another slot"


@pytest.mark.parametrize(
    ("line", "said"),
    [("nonsense", "'nonsense' is not understood"), ('{"intent": "a"}', "is not understood"), ("[]", "'\\[\\]' is not")],
)
def test_expectations_that_are_none(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "e.jsonl").write_text(line)
    (tmp_path / "house.txt").write_text("turn on\n")
    words = ["--sentences", str(tmp_path / "house.txt"), "--expect", str(tmp_path / "e.jsonl"), "a.wav"]
    told = the_one_line(edge_asr(tmp_path, "commands", "test", *words), 78)
    assert told.startswith(f"{tmp_path}/e.jsonl:1: ")
    assert said.replace("\\", "") in told


def test_what_is_no_audio_is_told_and_the_others_are_heard(tmp_path: Path) -> None:
    (tmp_path / "house.txt").write_text("turn on\n")
    (tmp_path / "a.wav").write_text("no audio")
    words = ["--sentences", str(tmp_path / "house.txt"), str(tmp_path / "a.wav"), str(sample()[0])]
    done = edge_asr(tmp_path, "commands", "test", *words)
    assert done.returncode == 1
    assert "a.wav" in done.stderr
    assert done.stdout.startswith(f"{sample()[0]}: unknown (excess ")
