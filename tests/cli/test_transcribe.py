"""`edge-asr transcribe` over several files."""

from pathlib import Path

import pytest

from edge_asr.demo.sample import sample
from edge_asr.events import FinalEvent, decode
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
