"""Verdicts on what the measurements really write; the measurements themselves have their own tests."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from edge_asr.bench.accuracy import LIVE, PEER, SECOND, WHOLE, Accuracy, Score
from edge_asr.bench.accuracy_report import accuracy_json
from edge_asr.bench.beside import Beside, Wait
from edge_asr.bench.beside_report import beside_json
from edge_asr.bench.cost_report import cost_json
from edge_asr.bench.footprint import Footprint
from edge_asr.bench.noise import Invented
from edge_asr.bench.noise_peers import PeerInvented
from edge_asr.bench.noise_report import noise_json
from edge_asr.bench.soak import Play, Soak
from edge_asr.bench.soak_report import soak_json
from edge_asr.bench.verdicts import first_pass, grown, held, invented, parity, two_passes, two_passes_tiny, waits
from edge_asr.bench.zipformer_parity import Case, CaseParity
from edge_asr.bench.zipformer_parity_report import parity_json
from tests.asr.zipformer.zipformers import network
from tests.bench.test_accuracy import heard
from tests.bench.test_cost import a_cost
from tests.bench.test_zipformer_parity import PAIR


def written(figures: Any) -> Any:
    """As it comes out of the file."""
    return json.loads(msgspec.json.encode(figures))


def accuracy(wrong: dict[str, dict[str, int]], cpu_s: dict[str, float]) -> Any:
    """Of 100 words in each set; the set "commands" stands apart."""
    systems = tuple(next(iter(wrong.values())))
    found = Accuracy(
        [heard(name, 100, errors, cpu_s) for name, errors in wrong.items()], systems, frozenset({"commands"})
    )
    return written(accuracy_json(found, "WER"))


def met(verdicts: list[Any]) -> list[bool | None]:
    return [verdict.met for verdict in verdicts]


def test_the_first_pass_is_held_to_its_peer_set_by_set_in_all_and_by_cpu() -> None:
    wrong = {"clean": {LIVE: 9, WHOLE: 9, PEER: 8}, "other": {LIVE: 20, WHOLE: 21, PEER: 24}}
    wrong["commands"] = {LIVE: 90, WHOLE: 0, PEER: 0}
    seen = first_pass(accuracy(wrong, {LIVE: 0.1, WHOLE: 0.1, PEER: 1.2}))
    assert met(seen) == [False, True, True, True]
    assert seen[0].measured == "1 of 2; not in clean 9.0 and 8.0 %"
    assert [one.measured for one in seen[1:]] == ["14.50 and 16.00 %", "1/12.0", "-0.50"]


def test_one_point_is_wanted_in_all_and_a_twelfth_of_the_cpu() -> None:
    wrong = {"clean": {LIVE: 8, WHOLE: 7, PEER: 8}, "other": {LIVE: 20, WHOLE: 20, PEER: 21}}
    assert met(first_pass(accuracy(wrong, {LIVE: 0.1, WHOLE: 0.1, PEER: 1.19}))) == [True, False, False, False]


def test_one_set_alone_needs_no_point() -> None:
    wrong = {"mandarin": {LIVE: 8, WHOLE: 8, PEER: 8}}
    assert met(first_pass(accuracy(wrong, {LIVE: 0.1, WHOLE: 0.1, PEER: 1.3}))) == [True, True, True]


def test_a_set_without_a_word_and_a_run_without_any_have_no_verdict() -> None:
    cpu_s = {LIVE: 0.1, WHOLE: 0.1, PEER: 1.3}
    none = heard("empty", 0, {LIVE: 0, WHOLE: 0, PEER: 0}, cpu_s)
    some = [heard(name, 100, {LIVE: 8, WHOLE: 8, PEER: 9}, cpu_s) for name in ("clean", "other")]
    figures = written(accuracy_json(Accuracy([none, *some], (LIVE, WHOLE, PEER)), "WER"))
    assert first_pass(figures)[0].measured == "2 of 2"
    nothing = first_pass(written(accuracy_json(Accuracy([none], (LIVE, WHOLE, PEER)), "WER")))
    assert met(nothing) == [None, True, None]
    unmeasured = first_pass(
        written(
            accuracy_json(Accuracy([replace(none, scores={one: Score() for one in cpu_s})], (LIVE, WHOLE, PEER)), "WER")
        )
    )
    assert met(unmeasured) == [None, None, None]


def test_exactly_as_many_points_as_allowed_are_allowed() -> None:
    scores = [heard(name, 1000, {LIVE: 13, WHOLE: 10, PEER: 30}, {LIVE: 0.1, WHOLE: 0.1, PEER: 1.3}) for name in "ab"]
    live_whole = first_pass(written(accuracy_json(Accuracy(scores, (LIVE, WHOLE, PEER)), "WER")))[3]
    assert (live_whole.measured, live_whole.met) == ("+0.30", True)


def test_exactly_one_point_is_one() -> None:
    wrong = {"clean": {LIVE: 0, WHOLE: 0, PEER: 1}, "other": {LIVE: 1, WHOLE: 1, PEER: 2}}
    assert met(first_pass(accuracy(wrong, {LIVE: 0.1, WHOLE: 0.1, PEER: 1.3}))) == [True, True, True, True]
    ten = [heard("a", 500, {LIVE: 2, WHOLE: 2, PEER: 7}, {LIVE: 0.1, WHOLE: 0.1, PEER: 1.3})]
    figures = written(
        accuracy_json(
            Accuracy([*ten, replace(ten[0], recording=replace(ten[0].recording, set_name="b"))], (LIVE, WHOLE, PEER)),
            "WER",
        )
    )
    assert first_pass(figures)[1].measured == "0.40 and 1.40 %"
    assert first_pass(figures)[1].met


def test_two_passes_are_held_to_the_model_alone() -> None:
    cpu_s = {LIVE: 0.7, WHOLE: 0.1, SECOND: 0.1}
    figures = accuracy({"clean": {LIVE: 5, WHOLE: 5, SECOND: 5}, "other": {LIVE: 6, WHOLE: 6, SECOND: 5}}, cpu_s)
    seen = two_passes_tiny(figures)
    assert met(seen) == [False, True, True]
    assert seen[0].measured == "1 of 2; not in other 6.0 and 5.0 %"
    assert seen[2].measured == "0.0700"
    assert met(two_passes(figures)) == [False, True]
    dear = accuracy({"clean": {LIVE: 5, WHOLE: 5, SECOND: 5}}, {**cpu_s, LIVE: 0.71})
    assert met(two_passes_tiny(dear)) == [True, True, False]


@pytest.mark.parametrize(("decided_ms", "holds"), [(40.0, True), (41.0, False)])
def test_waits_are_held_to_half_of_the_peers(decided_ms: float, holds: bool) -> None:
    ours, theirs = Wait("a", 1.0, 700.0, decided_ms=decided_ms), Wait("a", 1.0, 800.0, decided_ms=80.0)
    seen = waits(written(beside_json(Beside({"edge_asr": [ours], "moonshine-voice": [theirs]}, together=False))))
    assert met(seen) == [holds, False]
    assert seen[1].measured == "700 / 800 and 700 / 800 ms of 1 / 1, 0.88 and 0.88"


def waited(ours_ms: Sequence[float | None], theirs_ms: Sequence[float | None]) -> Any:
    told: dict[str, Sequence[float | None]] = {"edge_asr": ours_ms, "moonshine-voice": theirs_ms}
    waits_of = {name: [Wait("a", 1.0, value) for value in values] for name, values in told.items()}
    return waits(written(beside_json(Beside(waits_of, together=False))))[1]


def test_both_the_median_and_the_tail_of_the_waits_count() -> None:
    assert waited([40.0, 40.0, 40.0], [100.0, 100.0, 100.0]).met
    assert not waited([40.0, 40.0, 90.0], [100.0, 100.0, 100.0]).met
    assert not waited([60.0, 60.0, 60.0], [100.0, 100.0, 200.0]).met


def test_who_has_fewer_finals_is_not_quicker() -> None:
    assert not waited([40.0, None], [100.0, 100.0]).met
    assert waited([40.0, 40.0], [100.0, None]).met


def test_without_a_final_there_is_no_verdict() -> None:
    silent = Wait("a", None, None)
    figures = written(beside_json(Beside({"edge_asr": [silent], "moonshine-voice": [silent]}, together=False)))
    assert met(waits(figures)) == [None, None]


def test_parity_is_of_every_recording_in_every_way() -> None:
    case = Case(network("transducer").bundle, 4)
    same = CaseParity(case, [replace(PAIR, own_cpu_s=1.1, their_cpu_s=1.0)] * 2)
    assert met(parity(written(parity_json([same, same], 3)))) == [True, True]
    other = replace(PAIR, same_tokens=False, own_cpu_s=1.11, their_cpu_s=1.0)
    seen = parity(written(parity_json([same, CaseParity(case, [other])], 3)))
    assert met(seen) == [False, False]
    assert [one.measured for one in seen] == ["2 of 3", "up to 1.110"]


def test_only_our_own_words_in_noise_count() -> None:
    quiet = Invented("tap", audio_s=600.0, partial_words=2)
    theirs = [PeerInvented("vosk", 600.0, 1.0, 9)]
    assert met(invented(written(noise_json([quiet], [theirs])))) == [True]
    loud = Invented("hum", audio_s=600.0, final_words=1)
    seen = invented(written(noise_json([quiet, loud], [theirs, theirs])))
    assert met(seen) == [False]
    assert seen[0].measured == "1 in finals, 2 in partials of 20.0 minutes of 2 sounds"
    assert met(invented([])) == [None]


def test_memory_is_what_is_its_own_and_what_is_of_files_together() -> None:
    rows = written(cost_json([a_cost()]))
    held_mib = rows[0]["memory_most_while_hearing"]["anon_mib"] + rows[0]["memory_most_while_hearing"]["file_mib"]
    first, second = held(rows)
    assert first.measured == f"{held_mib * 1.048576:.0f} MB"
    assert (first.met, second.met) == (held_mib * 1.048576 <= 200, None)
    for system, anon_mib in (("first pass", 100.0), ("two passes", 243.0)):
        for file_mib, fits in ((90.7, True), (90.8, False)):
            memory = {"anon_mib": anon_mib, "file_mib": file_mib}
            row = {"system": system, "network": "int8, open", "memory_most_while_hearing": memory}
            assert [one.met for one in held([row]) if one.target.startswith(system)] == [fits]
    rows[0]["memory_most_while_hearing"] = {"anon_mib": 0.0, "file_mib": 0.0}
    assert met(held(rows)) == [None, None]


@pytest.mark.parametrize(("grows_mib", "last_ms", "wanted"), [(0.0, 10.9, [True, True]), (0.2, 11.1, [False, False])])
def test_a_soak_grows_and_slows_down_or_not(grows_mib: float, last_ms: float, wanted: list[bool]) -> None:
    samples = [Footprint(50.0 + grows_mib * number, 10.0, 4, 20) for number in range(11)]
    soak = Soak(1000, 10, 20, 100.0, 1.0, [100 * number for number in range(11)], [0] * 11, samples)
    soak.early, soak.late = {0: Play(10.0, 1.0, 10.0, 1, 1)}, {0: Play(10.0, 1.0, last_ms, 1, 1)}
    assert met(grown(written(soak_json(soak)))) == wanted
