"""A plain list: a text file with a sentence on each line, maybe with the name of its intent and `=` before it."""

from edge_asr.sentences.definitions import Block, Definitions, Template
from edge_asr.sentences.place import Place

_OPENERS, _CLOSERS = "([{<", ")]}>"


def read_plain_list(file: str, text: str) -> Definitions:
    """Its sentences; a sentence without an intent is its own. Raises SentencesError."""
    found = Definitions()
    for number, line in enumerate(text.splitlines(), 1):
        said = _without_comment(line)
        if said.strip():
            found.blocks.append(_block(said, Place(file, number)))
    return found


def _block(line: str, place: Place) -> Block:
    cut = _equals(line)
    sentence = line[cut + 1 :]
    intent = " ".join(line[: max(0, cut)].split()) if cut >= 0 else " ".join(line.split())
    text = sentence.strip()
    at = place.right(cut + 1 + len(sentence) - len(sentence.lstrip()))
    if not intent:
        raise place.right(cut).error(
            "no intent stands before '='", "write `intent name = sentence`, or only a sentence"
        )
    if not text:
        raise place.right(cut).error("no sentence stands behind '='", "write `intent name = sentence`")
    return Block(intent, (Template(text, at),))


def _without_comment(line: str) -> str:
    """A # begins a comment at the start of the line and behind a space."""
    at = line.find("#")
    while at > 0 and not line[at - 1].isspace():
        at = line.find("#", at + 1)
    return line if at < 0 else line[:at]


def _equals(line: str) -> int:
    """Where the first = outside of brackets stands, -1 for nowhere."""
    if "=" not in line:
        return -1
    deep = 0
    for at, letter in enumerate(line):
        deep += (letter in _OPENERS) - (letter in _CLOSERS)
        if letter == "=" and deep <= 0:
            return at
    return -1
