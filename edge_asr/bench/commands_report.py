"""Commands in noise and false ones, for a person and for a machine."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from edge_asr.bench.commands import LEVELS_DB, Elsewhere, Level
from edge_asr.bench.poisson import at_most
from edge_asr.bench.table import Cell, table

# Published by the maker of Rhino with the benchmark (619 commands, intent and all slots right, %), at 24, 12 and 6 dB
# of kitchen noise: another set of recordings of the same kind, so they stand beside ours and not in one table.
PUBLISHED = {
    "Picovoice Rhino": (99, 98, 96),
    "IBM Watson": (96, 89, 72),
    "Microsoft LUIS": (93, 90, 86),
    "Amazon Lex": (88, 85, 80),
    "Google Dialogflow": (83, 78, 70),
}
CURVE = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
FALSE = ("no command in", "minutes", "false commands", "an hour", "at most, 95 %")


def commands_text(levels: Sequence[Level], elsewhere: Sequence[Elsewhere], most_excess: float) -> str:
    """Right commands by noise and level, wrong ones, false ones by the hour, and all of it for other thresholds."""
    rows: list[list[Cell]] = []
    own = levels[0].who
    for who, noise in dict.fromkeys((level.who, level.noise) for level in levels):
        of_noise = {level.snr_db: level for level in levels if (level.who, level.noise) == (who, noise)}
        row: list[Cell] = [noise if who == own else f"{who}: {noise}"]
        row += [
            f"{100 * one.accepted(most_excess) / len(one.heard):.1f}" if (one := of_noise.get(snr)) else ""
            for snr in (None, *LEVELS_DB)
        ]
        wrong = sum(one.wrong(most_excess) for one in of_noise.values())
        heard = sum(len(one.heard) for one in of_noise.values())
        cpu = sum(one.cpu_s for one in of_noise.values()) / sum(one.audio_s for one in of_noise.values())
        rows.append([*row, f"{100 * wrong / heard:.1f}", f"{cpu:.3f}"])
    headings = ["right, % of", "clean", *(f"{snr} dB" for snr in LEVELS_DB), "wrong %", "CPU s/s"]
    parts = [table(headings, rows)]
    published = "; ".join(f"{name} {'/'.join(map(str, figures))}" for name, figures in PUBLISHED.items())
    parts.append(f"Published for 619 commands in kitchen noise at 24/12/6 dB: {published}")
    if elsewhere:
        parts.append(table(FALSE, false_rows(elsewhere, most_excess)))
        mine = [level for level in levels if level.who == own], [one for one in elsewhere if one.who == own]
        parts.append(table(["most_excess", "right %", "wrong %", *FALSE[2:]], _curve(*mine)))
    return "\n\n".join(parts)


def commands_json(levels: Sequence[Level], elsewhere: Sequence[Elsewhere]) -> dict[str, Any]:
    """Every command that was heard, with its excess."""
    return {"levels": [asdict(level) for level in levels], "elsewhere": [asdict(one) for one in elsewhere]}


def false_rows(elsewhere: Sequence[Elsewhere], most_excess: float) -> list[list[Cell]]:
    """By what it is heard in, and of all."""
    rows: list[list[Cell]] = []
    for who in dict.fromkeys(one.who for one in elsewhere):
        his = [one for one in elsewhere if one.who == who]
        every = Elsewhere(who, "all of it", sum(one.audio_s for one in his))
        every.excesses = [excess for one in his for excess in one.excesses]
        for one in (*his, every):
            name = one.name if who == elsewhere[0].who else f"{who}: {one.name}"
            rows.append([name, f"{one.audio_s / 60:.1f}", *rate_cells([one], most_excess)])
    return rows


def rate_cells(elsewhere: Sequence[Elsewhere], most_excess: float) -> list[Cell]:
    """How many would be taken, how many an hour that is, and how many an hour it may be at most."""
    false = sum(one.false_commands(most_excess) for one in elsewhere)
    hours = sum(one.audio_s for one in elsewhere) / 3600
    return [false, *(f"{count / hours:.2f}" if hours else "" for count in (false, at_most(false)))]


def _curve(levels: Sequence[Level], elsewhere: Sequence[Elsewhere]) -> list[list[Cell]]:
    orders = sum(len(level.heard) for level in levels)
    return [
        [
            f"{most:.1f}",
            f"{100 * sum(level.accepted(most) for level in levels) / orders:.1f}",
            f"{100 * sum(level.wrong(most) for level in levels) / orders:.1f}",
            *rate_cells(elsewhere, most),
        ]
        for most in CURVE
    ]
