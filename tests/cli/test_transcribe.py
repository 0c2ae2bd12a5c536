"""`edge-asr transcribe` over several files."""

from pathlib import Path

import pytest

from edge_asr.demo.sample import sample
from edge_asr.events import FinalEvent, PartialEvent, decode
from tests.cli.bundles import copy_bundle, file_of
from tests.cli.command import edge_asr

pytestmark = pytest.mark.bundle


def test_each_file_is_a_stream_of_its_own_name(tmp_path: Path) -> None:
    long_name = "a name of more than thirty-two letters, "
    (tmp_path / "other").mkdir()
    paths = [tmp_path / f"{long_name}1.wav", tmp_path / f"{long_name}2.wav", tmp_path / "other" / f"{long_name}1.wav"]
    for path in paths:
        path.write_bytes(sample()[4].read_bytes())
    done = edge_asr(tmp_path, "transcribe", "--json", *map(str, paths))
    assert (done.returncode, done.stderr) == (0, "")
    finals = [event for line in done.stdout.splitlines() if isinstance(event := decode(line.encode()), FinalEvent)]
    assert len(finals) == 3
    assert len({final.stream_id for final in finals}) == 3
    assert len({final.segment_id for final in finals}) == 3


def test_chinese_words_meet_without_a_space_in_text_and_events(tmp_path: Path) -> None:
    chinese = {"mister": "先生", "john": "约翰", "leisure": "闲暇"}
    lines = file_of("words").read_text("utf8").splitlines()
    lines = ["\t".join([chinese.get(word, word), number]) for word, number in (line.split("\t") for line in lines)]
    models = copy_bundle(tmp_path / "models", {"words": "\n".join(lines).encode() + b"\n"}, language="zh")
    said = "and 先生约翰 dashwood had then 闲暇 to consider how much there might be "
    said += "prudently in his power to do for them"
    done = edge_asr(tmp_path, "transcribe", str(sample()[0]), EDGE_ASR_MODELS=str(models))
    assert (done.stdout, done.stderr) == (f"{said}\n", "")
    done = edge_asr(tmp_path, "transcribe", "--json", "--partials", str(sample()[0]), EDGE_ASR_MODELS=str(models))
    events = [decode(line.encode()) for line in done.stdout.splitlines()]
    final = next(event for event in events if isinstance(event, FinalEvent))
    assert final.text == said
    assert [timing.word for timing in final.words[:4]] == ["and", "先生", "约翰", "dashwood"]
    partials = [event for event in events if isinstance(event, PartialEvent)]
    assert any("先生约翰" in partial.text for partial in partials)
    assert not any("先生 约翰" in partial.text for partial in partials)
    assert {event.language for event in [final, *partials]} == {"zh"}


def test_side_by_side_says_the_same_as_one_by_one(tmp_path: Path) -> None:
    files = [str(path) for path in sample()[:3]]
    alone = edge_asr(tmp_path, "transcribe", "--jobs", "1", *files)
    together = edge_asr(tmp_path, "transcribe", "--jobs", "2", *files)
    assert (alone.returncode, alone.stderr) == (0, "")
    assert (together.returncode, together.stderr, together.stdout) == (0, "", alone.stdout)
    written = edge_asr(tmp_path, "transcribe", "--jobs", "2", *files, "--output-dir", str(tmp_path / "out"))
    assert written.returncode == 0
    said = [line.partition(": ")[2] for line in alone.stdout.splitlines()]
    texts = [(tmp_path / "out" / f"{Path(name).stem}.txt").read_text() for name in files]
    assert "".join(texts).splitlines() == said
    assert len(said) >= 3
