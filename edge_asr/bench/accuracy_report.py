"""Accuracy for a person and for a machine."""

from typing import Any

from edge_asr.bench.accuracy import FLOAT, LIVE, SECOND, WHOLE, Accuracy, Heard, Score
from edge_asr.bench.parity import Parity, parity_of, same_text, same_tokens
from edge_asr.bench.peers import MOONSHINE, PEERS, SHERPA
from edge_asr.bench.table import Cell, table

TITLES = {LIVE: "live", WHOLE: "whole file", SECOND: "second pass's model alone, greedy, whole file"}
TITLES[FLOAT] = "live, first pass in float"
TITLES |= {name: name for name in PEERS}
_POOLED = "pooled"
_OWN_THREADS = {MOONSHINE: f"{MOONSHINE} (threads of its own choice)"}


def accuracy_text(accuracy: Accuracy, measure: str) -> str:
    """Two tables: errors of each set, then sums and CPU of each system; with noise a third. measure: WER or CER."""
    parts = [_by_set(accuracy, measure), _by_system(accuracy, measure)]
    ratio = accuracy.cpu_ratio()
    if ratio is not None:
        parts.append(f"CPU of vosk / CPU of live: {ratio:.1f}")
    parity = parity_of(accuracy)
    if parity is not None:
        parts.append(_parity_text(parity))
    if accuracy.snrs_db:
        parts.append(_by_snr(accuracy, measure))
    return "\n\n".join(parts)


def accuracy_json(accuracy: Accuracy, measure: str) -> dict[str, Any]:
    """The same, with every recording."""
    return {
        "measure": measure,
        **_sets(accuracy, None, None),
        "apart": sorted(accuracy.apart & set(accuracy.sets)),
        "live_minus_whole_points": _points(accuracy, None),
        "cpu_ratio_vosk_to_live": accuracy.cpu_ratio(),
        "parity_with_sherpa_onnx": parity_of(accuracy),
        "in_noise": [
            {
                "snr_db": snr_db,
                **_sets(accuracy, snr_db, None),
                "noises": {name: _sets(accuracy, snr_db, name) for name in accuracy.noises},
            }
            for snr_db in accuracy.snrs_db
        ],
        "recordings": [
            {
                "path": one.recording.name,
                "noise": one.condition.noise,
                "snr_db": one.condition.snr_db,
                "reference": one.recording.text,
                "texts": dict(one.texts),
                "errors": {system: score.errors.total for system, score in one.scores.items()},
                "cpu_s": {system: round(score.cpu_s, 4) for system, score in one.scores.items()},
                **_parity(accuracy, one),
            }
            for one in accuracy.heard
        ],
    }


def _parity(accuracy: Accuracy, one: Heard) -> dict[str, bool]:
    if SHERPA not in accuracy.systems:
        return {}
    return {"same_tokens_as_sherpa_onnx": same_tokens(one), "same_text_as_sherpa_onnx": same_text(one)}


def _parity_text(parity: Parity) -> str:
    same = f"tokens identical on {parity.same_tokens} of {parity.recordings} recordings ({parity.tokens} tokens)"
    ratio = "-" if parity.cpu_ratio is None else f"{parity.cpu_ratio:.3f}"
    return (
        f"Whole file beside sherpa-onnx, the same networks: {same}, texts on {parity.same_texts}; "
        f"CPU of whole file / CPU of sherpa-onnx: {ratio}"
    )


def _by_set(accuracy: Accuracy, measure: str) -> str:
    unit = "words" if measure == "WER" else "characters"
    headings = ["set", "files", "audio s", unit]
    for system in accuracy.systems:
        headings += [f"{TITLES[system]} {measure} %", "S/D/I"]
    headings.append("live - whole, points")
    rows: list[list[Cell]] = []
    for name in [*accuracy.sets, None]:
        scores = [accuracy.score(system, name) for system in accuracy.systems]
        first = scores[0]
        row: list[Cell] = [_title(accuracy, name), first.files, round(first.audio_s), first.errors.words]
        for score in scores:
            errors = score.errors
            row += [errors.percent, f"{errors.substitutions}/{errors.deletions}/{errors.insertions}"]
        points = _points(accuracy, name)
        rows.append([*row, None if points is None else f"{points:+.2f}"])
    return table(headings, rows)


def _by_system(accuracy: Accuracy, measure: str) -> str:
    headings = ["system, one thread", f"{measure} %", "CPU s", "CPU s / audio s", "/ live"]
    live = accuracy.score(LIVE)
    rows: list[list[Cell]] = []
    for system in accuracy.systems:
        score = accuracy.score(system)
        ratio = score.cpu_s / live.cpu_s if live.cpu_s else None
        title = _OWN_THREADS.get(system, TITLES[system])
        rows.append([title, score.errors.percent, score.cpu_s, f"{score.cpu_share:.4f}", ratio])
    return table(headings, rows, digits=2)


def _by_snr(accuracy: Accuracy, measure: str) -> str:
    """Every set at every distance, all noises together."""
    headings = ["in noise", "below speech", "words" if measure == "WER" else "characters"]
    headings += [f"{TITLES[system]} {measure} %" for system in accuracy.systems]
    rows: list[list[Cell]] = []
    for name in [None, *accuracy.sets]:
        for snr_db in [None, *accuracy.snrs_db]:
            scores = [accuracy.score(system, name, snr_db=snr_db) for system in accuracy.systems]
            distance = "as recorded" if snr_db is None else f"{snr_db} dB"
            percents = (score.errors.percent for score in scores)
            rows.append([_title(accuracy, name), distance, scores[0].errors.words, *percents])
    return table(headings, rows)


def _title(accuracy: Accuracy, set_name: str | None) -> str:
    if set_name is None:
        return _POOLED
    return f"{set_name} (not pooled)" if set_name in accuracy.apart else set_name


def _points(accuracy: Accuracy, set_name: str | None) -> float | None:
    live = accuracy.score(LIVE, set_name).errors.percent
    whole = accuracy.score(WHOLE, set_name).errors.percent
    return None if live is None or whole is None else live - whole


def _sets(accuracy: Accuracy, snr_db: int | None, noise: str | None) -> dict[str, Any]:
    return {
        "pooled": _scores(accuracy, None, snr_db, noise),
        "sets": {name: _scores(accuracy, name, snr_db, noise) for name in accuracy.sets},
    }


def _scores(accuracy: Accuracy, set_name: str | None, snr_db: int | None, noise: str | None) -> dict[str, Any]:
    return {system: _score(accuracy.score(system, set_name, snr_db=snr_db, noise=noise)) for system in accuracy.systems}


def _score(score: Score) -> dict[str, Any]:
    errors = score.errors
    return {
        "files": score.files,
        "audio_s": round(score.audio_s, 3),
        "tokens": errors.words,
        "percent": errors.percent,
        "substitutions": errors.substitutions,
        "deletions": errors.deletions,
        "insertions": errors.insertions,
        "cpu_s": round(score.cpu_s, 3),
        "cpu_s_per_audio_s": round(score.cpu_share, 5),
    }
