"""What was said survives the process; a spoiled file costs one warning and nothing more."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from edge_asr.answers import Answers
from edge_asr.control_file import ControlFile
from edge_asr.controls import ControlValues
from edge_asr.settings import state_folder
from tests import sample_events
from tests.fakes import HandClock, ListSink

CONFIGURED = ControlValues(mute=False, sensitivity=50)
SAID = ControlValues(mute=True, sensitivity=70)


def test_what_was_saved_is_loaded_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "state" / "controls-k1.json"
    assert ControlFile(path, CONFIGURED).load() == CONFIGURED
    ControlFile(path, CONFIGURED).save(SAID)
    assert ControlFile(path, CONFIGURED).load() == SAID
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_configuration_that_was_changed_since_has_the_last_word(tmp_path: Path) -> None:
    path = tmp_path / "controls.json"
    ControlFile(path, CONFIGURED).save(SAID)
    changed = ControlFile(path, ControlValues(mute=False, sensitivity=20))
    assert changed.load() == ControlValues(mute=True, sensitivity=20)  # mute is no setting


def test_all_that_was_said_is_kept_and_the_model_until_another_is_configured(tmp_path: Path) -> None:
    path = tmp_path / "controls.json"
    configured = ControlValues(mute=False, sensitivity=50, model="en")
    said = ControlValues(mute=False, sensitivity=50, gain=70, model="mine", hotwords=("LIVING ROOM :2.5", "HALL"))
    ControlFile(path, configured).save(said)
    assert ControlFile(path, configured).load() == said
    other = ControlValues(mute=False, sensitivity=50, model="zh")
    assert ControlFile(path, other).load() == ControlValues(mute=False, sensitivity=50, gain=70, model="zh")


def test_a_file_of_the_version_before_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "controls.json"
    path.write_bytes(b'{"mute":true,"sensitivity":70,"configured_sensitivity":50}')
    configured = ControlValues(mute=False, sensitivity=50, model="en")
    assert ControlFile(path, configured).load() == ControlValues(mute=True, sensitivity=70, model="en")


def test_what_the_file_holds_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "controls.json"
    file = ControlFile(path, CONFIGURED)
    file.load()
    file.save(CONFIGURED)
    assert not path.exists()
    file.save(SAID)
    first = path.stat().st_ino
    file.save(SAID)
    again = ControlFile(path, CONFIGURED)
    again.save(again.load())
    assert path.stat().st_ino == first


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"\0" * 5000,
        b'{"mute":1,"sensitivity":50,"configured_sensitivity":50}',
        b'{"mute":true,"sensitivity":101,"configured_sensitivity":50}',
        b'{"mute":true,"sensitivity":50}',
        b'{"mute":true,"sensitivity":50,"configured_sensitivity":50,"gain":151}',
        b'{"mute":true,"sensitivity":50,"configured_sensitivity":50,"model":"../en"}',
    ],
)
def test_a_spoiled_file_is_one_warning_and_mends_itself(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "controls.json"
    path.write_bytes(content)
    file = ControlFile(path, CONFIGURED)
    assert file.load() == CONFIGURED
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith(f"cannot read {path} (")
    file.save(CONFIGURED)
    assert ControlFile(path, CONFIGURED).load() == CONFIGURED
    assert len(caplog.records) == 1


@given(st.binary(max_size=200))
def test_no_content_raises(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "controls.json"
        path.write_bytes(content)
        assert ControlFile(path, CONFIGURED).load() == CONFIGURED


def test_a_folder_that_cannot_be_written_is_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    file = ControlFile(tmp_path / "file" / "controls.json", CONFIGURED)
    file.save(SAID)
    file.save(CONFIGURED)
    file.save(SAID)
    [record] = caplog.records
    assert "cannot keep mute and the other controls across restarts" in record.getMessage()
    assert "set XDG_STATE_HOME" in record.getMessage()


def test_a_dragged_slider_is_saved_now_and_then_and_its_end_always(tmp_path: Path) -> None:
    path, clock = tmp_path / "controls.json", HandClock()
    answers = Answers([], ControlFile(path, CONFIGURED), sample_events.error, clock)
    inodes = set()
    for step in range(51, 91):
        answers.applied(ControlValues(mute=False, sensitivity=step))
        answers.keep()
        inodes.add(path.read_bytes())
        clock.advance_s(0.2)
    assert len(inodes) == 4  # in 8 s
    answers.keep(at_once=True)
    assert ControlFile(path, CONFIGURED).load().sensitivity == 90


def test_a_mute_is_saved_before_anybody_is_told(tmp_path: Path) -> None:
    path = tmp_path / "controls.json"
    seen: list[bool] = []

    class Witness(ListSink):
        def answer(self, values: ControlValues) -> None:  # noqa: ARG002 - the seam's
            seen.append(path.exists() and ControlFile(path, CONFIGURED).load().mute)

    answers = Answers([Witness()], ControlFile(path, CONFIGURED), sample_events.error, HandClock())
    for mute in (True, False, True, True):  # all at one moment
        answers.applied(ControlValues(mute=mute, sensitivity=50))
        answers.keep()
    assert seen == [True, True, True, True]  # the end of a mute may come to the disk later
    answers.keep(at_once=True)
    assert ControlFile(path, CONFIGURED).load().mute


def test_a_mute_that_cannot_be_saved_is_saved_when_it_can_be(tmp_path: Path) -> None:
    folder, clock = tmp_path / "state", HandClock()
    folder.write_text("in the way")
    answers = Answers([], ControlFile(folder / "controls.json", CONFIGURED), sample_events.error, clock)
    answers.applied(ControlValues(mute=True, sensitivity=50))
    folder.unlink()
    answers.keep()
    assert not folder.exists()  # not at each turn of the supervisor
    clock.advance_s(2.0)
    answers.keep()
    assert ControlFile(folder / "controls.json", CONFIGURED).load().mute


def test_the_folder_is_the_services_or_the_users() -> None:
    assert state_folder({"STATE_DIRECTORY": "/var/lib/edge_asr:/x", "HOME": "/h"}) == Path("/var/lib/edge_asr")
    assert state_folder({"XDG_STATE_HOME": "/s"}) == Path("/s/edge_asr")
    assert state_folder({}) == Path("~/.local/state/edge_asr").expanduser()


def test_a_mode_is_kept_until_another_is_configured(tmp_path: Path) -> None:
    path = tmp_path / "controls.json"
    both = ControlValues(mute=False, sensitivity=50, mode="both")
    ControlFile(path, both).save(replace(both, mode="commands"))
    assert ControlFile(path, both).load().mode == "commands"
    for configured in ("open", ""):  # and without sentences there is none
        assert ControlFile(path, replace(both, mode=configured)).load().mode == configured
    path.write_bytes(path.read_bytes().replace(b'"mode":"commands"', b'"mode":"all"'))
    assert ControlFile(path, both).load().mode == "both"


def test_sentences_are_kept_until_others_are_configured(tmp_path: Path) -> None:
    path, text = tmp_path / "controls.json", 'light = turn "on"\n开灯\n' * 1500
    said = replace(CONFIGURED, sentences=text)
    ControlFile(path, CONFIGURED, "a.txt").save(said)
    assert ControlFile(path, CONFIGURED, "a.txt").load() == said
    for other in ("b.txt", ""):
        assert ControlFile(path, CONFIGURED, other).load() == CONFIGURED
