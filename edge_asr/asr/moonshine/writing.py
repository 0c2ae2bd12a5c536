"""How a model that writes for people to read may write what was said.

A search knows letters by their names, "t v"; such a model writes "TV" or "T. V.", and finds "t v" far too unlikely.
"""

import re

_LETTERS = re.compile(r"(?<!\S)[a-z](?: [a-z])+(?!\S)")
_BEHIND_A_WORD = re.compile(r"(?<!\S)(?<=\b[ai] )[a-z](?: [a-z])+(?!\S)")  # "a" and "i" are words too: "a t v"


def ways(text: str) -> list[str]:
    """The ways to write a text that has no case and no marks, with a capital letter at its beginning."""
    written = [
        text,
        _LETTERS.sub(lambda row: row[0].replace(" ", "").upper(), text),
        _LETTERS.sub(lambda row: row[0].replace(" ", ". ").upper() + ".", text),
        _BEHIND_A_WORD.sub(lambda row: row[0].replace(" ", "").upper(), text),
    ]
    return list(dict.fromkeys(way[:1].upper() + way[1:] for way in written))
