"""Invented words for a person and for a machine: one row for each sound, and for each peer that heard it."""

from collections.abc import Sequence
from typing import Any

from edge_asr.bench.noise import Invented, hourly
from edge_asr.bench.noise_peers import PeerInvented
from edge_asr.bench.table import Cell, table

_OWN = "edge_asr"


def noise_text(sounds: Sequence[Invented], unit: str, beside: Sequence[Sequence[PeerInvented]]) -> str:
    """One table; of peers, by sound, the finals' words are known. unit: words or characters."""
    headings = [
        "by the hour of sound",
        "heard by",
        "heard, min",
        "speech_started",
        "partials",
        f"{unit} in partials",
        "finals",
        f"{unit} in finals",
        "CPU s / audio s",
    ]
    rows: list[list[Cell]] = []
    for one, peers in zip(sounds, beside, strict=True):
        rows.append(
            [
                one.sound,
                _OWN,
                one.audio_s / 60,
                one.hourly(one.events["speech_started"]),
                one.hourly(one.events["partial"]),
                one.hourly(one.partial_words),
                one.hourly(one.events["final"]),
                one.hourly(one.final_words),
                f"{one.cpu_share:.4f}",
            ]
        )
        for peer in peers:
            by_hour = hourly(peer.final_words, peer.audio_s)
            share = f"{peer.cpu_s / peer.audio_s:.4f}"
            rows.append(["", peer.peer, peer.audio_s / 60, None, None, None, None, by_hour, share])
    return table(headings, rows)


def noise_json(sounds: Sequence[Invented], beside: Sequence[Sequence[PeerInvented]]) -> list[dict[str, Any]]:
    """The same as JSON objects, sound by sound, with the plain counts."""
    return [
        row
        for one, peers in zip(sounds, beside, strict=True)
        for row in (_own(one), *(_of_peer(one.sound, peer) for peer in peers))
    ]


def _own(one: Invented) -> dict[str, Any]:
    return {
        "sound": one.sound,
        "heard_by": _OWN,
        "audio_s": round(one.audio_s, 3),
        "cpu_s": round(one.cpu_s, 3),
        "cpu_s_per_audio_s": round(one.cpu_share, 5),
        "partial_words": one.partial_words,
        "final_words": one.final_words,
        "partial_words_per_hour": round(one.hourly(one.partial_words), 2),
        "final_words_per_hour": round(one.hourly(one.final_words), 2),
        "events": dict(one.events),
    }


def _of_peer(sound: str, peer: PeerInvented) -> dict[str, Any]:
    return {
        "sound": sound,
        "heard_by": peer.peer,
        "audio_s": round(peer.audio_s, 3),
        "cpu_s": round(peer.cpu_s, 3),
        "cpu_s_per_audio_s": round(peer.cpu_s / peer.audio_s, 5),
        "final_words": peer.final_words,
        "final_words_per_hour": round(hourly(peer.final_words, peer.audio_s), 2),
    }
