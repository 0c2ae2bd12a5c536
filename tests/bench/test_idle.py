from edge_asr.bench.idle import Quiet
from edge_asr.bench.idle_report import idle_json, idle_text
from tests.sample_events import final, partial, speech_ended, speech_started


def heard() -> Quiet:
    quiet = Quiet("kitchen.flac", seconds=60.0, cpu_s=1.2, resident_mib=300.06, peak_mib=310.0)
    for event in (
        speech_started(),
        partial("the"),
        partial("the end"),
        final("the end"),
        speech_ended(2),
        speech_started("s-2"),
    ):
        quiet.take(event)
    return quiet


def test_events_and_words_are_counted_as_a_subscriber_sees_them() -> None:
    quiet = heard()
    assert (quiet.partial_words, quiet.final_words) == (3, 2)
    assert quiet.events == {"speech_started": 2, "partial": 2, "final": 1, "speech_ended": 1}
    assert quiet.cpu_share == 0.02


def test_the_table_has_a_column_for_each_sound() -> None:
    lines = [line.split() for line in idle_text([Quiet("silence"), heard()]).splitlines()]
    assert lines[0][-2:] == ["silence", "kitchen.flac"]
    cells = {" ".join(line[:-2]): line[-2:] for line in lines}
    assert cells["CPU, % of one core"] == ["0.00", "2.00"]
    assert cells["resident memory, MiB"] == ["0.0", "300.1"]
    assert cells["words in partials"] == ["0", "3"]
    assert cells["events: speech_started"] == ["0", "2"]
    assert cells["events: error"] == ["0", "0"]


def test_the_same_as_json() -> None:
    assert idle_json([heard()])[0] == {
        "sound": "kitchen.flac",
        "seconds": 60.0,
        "cpu_s": 1.2,
        "cpu_share": 0.02,
        "resident_mib": 300.1,
        "peak_mib": 310.0,
        "partial_words": 3,
        "final_words": 2,
        "events": {"speech_started": 2, "partial": 2, "final": 1, "speech_ended": 1},
    }
