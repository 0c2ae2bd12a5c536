"""The benchmark's own list, turned into templates."""

from pathlib import Path

import pytest

from edge_asr.bench.benchmark_commands import as_templates, read_list
from edge_asr.errors import SentencesError
from tests.sentences.accepting import compiled, meanings

TEXT = """
context:
  expressions:
    order:
      - "[make me, I'd like] [a, an] $size:howLarge $drink:drink"
      - "$drink:drink"
  slots:
    size: [small, Eight  Ounce]
    drink: [" latte", "iced mocha"]
"""


def test_alternatives_and_slots_stay_what_they_are() -> None:
    found = compiled(as_templates("a.yaml", TEXT))
    assert meanings(found.grammar, "i'd like an eight ounce iced mocha") == [
        ("order", {"howLarge": "eight ounce", "drink": "iced mocha"})
    ]
    assert meanings(found.grammar, "latte") == [("order", {"drink": "latte"})]
    assert found.expansions == 2 * 2 * 2 * 2 + 2


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: b", "'a' is unknown in the file"), ("", "the file is empty"), ("context: a", "'a' stands for context")],
)
def test_another_file_is_refused(text: str, said: str) -> None:
    with pytest.raises(SentencesError, match=said):
        as_templates("a.yaml", text)


def test_the_real_list(tmp_path: Path) -> None:
    path = Path(__file__).parents[3] / "shared" / "speech" / "commands.yaml"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    found = compiled(as_templates(str(path), path.read_text("utf-8")))
    assert (found.templates, found.expansions, found.words) == (80, 120_130_920, 55)


def test_a_list_that_cannot_be_read_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(SentencesError, match="put the benchmark's list of commands there, or name it"):
        read_list(tmp_path / "commands.yaml")
    (tmp_path / "commands.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(SentencesError, match="is not UTF-8 text; expected"):
        read_list(tmp_path / "commands.yaml")
