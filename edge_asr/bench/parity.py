"""Whether sherpa-onnx makes the very same of every recording as our recognizer, with the same networks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edge_asr.bench.accuracy import WHOLE, Accuracy, Heard
from edge_asr.bench.peers import SHERPA

_MARK = re.compile(r"(?:<|\A)[^<>\s]+>")  # sherpa-onnx cuts the first letter off a text that begins with a mark
_SPACE, _UNKNOWN = "\u2581", "<unk>"


@dataclass(frozen=True, slots=True)
class Parity:
    """Over everything that was heard. cpu_ratio: of ours, whole file, for sherpa-onnx's; None without CPU of it."""

    recordings: int
    same_tokens: int
    same_texts: int
    tokens: int  # of ours
    cpu_ratio: float | None


def parity_of(accuracy: Accuracy) -> Parity | None:
    """None when sherpa-onnx was not measured."""
    if SHERPA not in accuracy.systems:
        return None
    ours, theirs = (sum(one.scores[system].cpu_s for one in accuracy.heard) for system in (WHOLE, SHERPA))
    return Parity(
        recordings=len(accuracy.heard),
        same_tokens=sum(same_tokens(one) for one in accuracy.heard),
        same_texts=sum(same_text(one) for one in accuracy.heard),
        tokens=sum(len(one.tokens[WHOLE]) for one in accuracy.heard),
        cpu_ratio=ours / theirs if theirs else None,
    )


def same_tokens(heard: Heard) -> bool:
    """Whether both said the same tokens of a recording."""
    return equal_tokens(heard.tokens[WHOLE], heard.tokens[SHERPA])


def same_text(heard: Heard) -> bool:
    """Whether both wrote the same of a recording."""
    return equal_text(heard.texts[WHOLE], heard.texts[SHERPA])


def equal_tokens(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Token for token. sherpa-onnx writes a space where a word begins, and leaves out what has no token."""
    return _plain(ours) == _plain(theirs)


def equal_text(ours: str, theirs: str) -> bool:
    """Letter for letter, without spaces and marks such as <sos/eos>: it shows marks, and its spaces are its own."""
    return _letters(ours) == _letters(theirs)


def _plain(tokens: Sequence[str]) -> list[str]:
    return [token.replace(_SPACE, " ") for token in tokens if token != _UNKNOWN]


def _letters(text: str) -> str:
    return "".join(_MARK.sub("", text).split())
