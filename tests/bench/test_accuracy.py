from pathlib import Path

import pytest

from edge_asr.bench.accuracy import LIVE, PEER, WHOLE, Accuracy, Heard, Score
from edge_asr.bench.accuracy_plot import accuracy_plot
from edge_asr.bench.accuracy_report import accuracy_json, accuracy_text
from edge_asr.bench.conditions import AS_RECORDED, Condition
from edge_asr.bench.recordings import Recording
from edge_asr.bench.wer import Errors


def heard(
    set_name: str, words: int, wrong: dict[str, int], cpu_s: dict[str, float], condition: Condition = AS_RECORDED
) -> Heard:
    name = f"{set_name}/1.flac"
    scores = {system: Score(Errors(words, wrong[system], 0, 0), cpu_s[system], 10.0, 1) for system in wrong}
    return Heard(Recording(name, Path(name), set_name, "text"), dict.fromkeys(wrong, "text"), scores, condition)


def both() -> Accuracy:
    cpu_s = {LIVE: 0.2, WHOLE: 0.1, PEER: 2.0}
    return Accuracy(
        [
            heard("clean", 90, {LIVE: 9, WHOLE: 3, PEER: 0}, cpu_s),
            heard("other", 10, {LIVE: 1, WHOLE: 2, PEER: 10}, cpu_s),
            heard("commands", 100, {LIVE: 100, WHOLE: 100, PEER: 100}, cpu_s),
        ],
        (LIVE, WHOLE, PEER),
        frozenset({"commands"}),
    )


def test_words_are_pooled_and_what_stands_apart_is_not() -> None:
    pooled = {system: both().score(system).errors.percent for system in (LIVE, WHOLE, PEER)}
    assert pooled == {LIVE: 10.0, WHOLE: 5.0, PEER: 10.0}
    assert both().score(PEER, "commands").errors.percent == 100.0
    assert both().score(LIVE).audio_s == 20.0


def test_cpu_is_compared_over_everything() -> None:
    assert both().cpu_ratio() == pytest.approx(10.0)
    assert both().score(LIVE, "clean").cpu_share == pytest.approx(0.02)


def test_the_table_has_a_row_for_each_set_and_one_for_the_pool() -> None:
    lines = accuracy_text(both(), "WER").splitlines()
    rows = {line.split()[0]: line.split() for line in lines[1:5]}
    assert list(rows) == ["clean", "other", "commands", "pooled"]
    assert rows["clean"][1:] == ["1", "10", "90", "10.0", "9/0/0", "3.3", "3/0/0", "0.0", "0/0/0", "+6.67"]
    assert rows["commands"][1:3] == ["(not", "pooled)"]
    assert rows["pooled"][1:5] == ["2", "20", "100", "10.0"]
    assert rows["pooled"][-1] == "+5.00"
    assert lines[-1] == "CPU of vosk / CPU of live: 10.0"


def test_without_a_peer_there_is_no_ratio() -> None:
    alone = Accuracy(both().heard, (LIVE, WHOLE))
    assert alone.cpu_ratio() is None
    assert "vosk" not in accuracy_text(alone, "CER")


def test_the_same_as_json() -> None:
    figures = accuracy_json(both(), "WER")
    assert figures["live_minus_whole_points"] == pytest.approx(5.0)
    assert figures["apart"] == ["commands"]
    assert figures["sets"]["other"]["vosk"]["substitutions"] == 10
    assert [one["path"] for one in figures["recordings"]] == ["clean/1.flac", "other/1.flac", "commands/1.flac"]


def test_the_plot_has_each_system_pooled_and_in_each_set_that_counts() -> None:
    plot = accuracy_plot(both(), "WER", "a Pi")
    assert plot.count("<circle") == 3 * (1 + 2)
    for label in ("live: 10.0 %", "whole file: 5.0 %", "vosk: 10.0 %", "WER against CPU, one thread: a Pi"):
        assert label in plot
    assert "vosk, other: WER 100.0 %, CPU 0.2000" in plot
    assert "commands" not in plot


def in_noise() -> Accuracy:
    cpu_s = {LIVE: 0.2, WHOLE: 0.1, PEER: 9.0}
    noisy = [
        heard(set_name, words, {LIVE: wrong, WHOLE: wrong, PEER: 2 * wrong}, cpu_s, Condition(noise, snr_db))
        for set_name, words in (("clean", 90), ("other", 10))
        for snr_db, noise, wrong in ((20, "hum", 1), (20, "tap", 3), (0, "hum", 5), (0, "tap", 7))
    ]
    return Accuracy([*both().heard, *noisy], (LIVE, WHOLE, PEER), frozenset({"commands"}))


def test_noise_changes_nothing_of_what_was_recorded_without_it() -> None:
    plain, noisy = accuracy_json(both(), "WER"), accuracy_json(in_noise(), "WER")
    assert plain["in_noise"] == []
    for key in ("pooled", "sets", "apart", "live_minus_whole_points", "cpu_ratio_vosk_to_live"):
        assert noisy[key] == plain[key], key
    assert accuracy_text(in_noise(), "WER").startswith(accuracy_text(both(), "WER"))


def test_noises_are_pooled_at_each_distance_and_told_apart() -> None:
    found = in_noise()
    assert (found.snrs_db, found.noises) == ([20, 0], ["hum", "tap"])
    assert found.score(LIVE, snr_db=20).errors.percent == pytest.approx(100 * 8 / 200)
    assert found.score(LIVE, "other", snr_db=0).errors.percent == pytest.approx(100 * 12 / 20)
    far, near = accuracy_json(found, "WER")["in_noise"]
    assert (far["snr_db"], near["snr_db"]) == (20, 0)
    assert far["noises"]["tap"]["pooled"][LIVE]["percent"] == pytest.approx(6.0)
    assert near["noises"]["hum"]["sets"]["other"]["vosk"]["tokens"] == 10
    assert near["sets"]["clean"]["vosk"]["percent"] == pytest.approx(100 * 24 / 180)


def test_the_table_in_noise_has_a_row_for_each_set_and_distance() -> None:
    rows = [line.split() for line in accuracy_text(in_noise(), "WER").split("\n\n")[-1].splitlines()]
    assert " ".join(rows[0]) == "in noise below speech words live WER % whole file WER % vosk WER %"
    assert rows[1] == ["pooled", "as", "recorded", "100", "10.0", "5.0", "10.0"]
    assert rows[2] == ["pooled", "20", "dB", "200", "4.0", "4.0", "8.0"]
    assert rows[-1] == ["commands", "(not", "pooled)", "0", "dB", "0", "-", "-", "-"]
    assert len(rows) == 1 + 4 * 3


def test_recordings_say_in_which_noise_they_were_heard() -> None:
    rows = accuracy_json(in_noise(), "WER")["recordings"]
    assert [(row["noise"], row["snr_db"]) for row in rows[:4]] == [(None, None)] * 3 + [("hum", 20)]
