"""From a path of tokens to words with times, and from written phrases to tokens."""

import codecs
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from edge_asr.asr.byte_letters import letters_of_bytes
from edge_asr.asr.result import Word
from edge_asr.asr.token_path import TokenPath
from edge_asr.asr.tokens import SPACE, Tokens

_SPACELESS = ((0x3000, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF))
_SPACELESS_FROM = 0x20000  # rarer Chinese characters


@dataclass(slots=True)
class _Draft:
    """A word being read: numbers of its tokens in the path."""

    glued: bool
    text: str = ""
    tokens: list[int] = field(default_factory=list)


def words(path: TokenPath, tokens: Tokens, output_s: float, heard_s: float) -> tuple[Word, ...]:
    """Words of a path whose outputs are `output_s` long; no word ends after `heard_s`.

    Chinese and Japanese characters are a word each, without a space between them. A word's confidence is the
    geometric mean of the shares that the network gave its tokens.
    """
    found = []
    for draft in _drafts(path, tokens):
        begin_s = min(path.outputs[draft.tokens[0]] * output_s, heard_s)
        end_s = min((path.outputs[draft.tokens[-1]] + 1) * output_s, heard_s)
        shares = [path.log_shares[number] for number in draft.tokens]
        confidence = min(1.0, math.exp(sum(shares) / len(shares)))
        found.append(Word(draft.text, begin_s, end_s, confidence, draft.glued))
    return tuple(found)


def _drafts(path: TokenPath, tokens: Tokens) -> list[_Draft]:
    """Characters gathered into words; a character may take several tokens, and bytes that are none are left out."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    drafts: list[_Draft] = []
    open_tokens: list[int] = []  # whose bytes are not a character yet
    spaced, previous = True, ""
    for number, token in enumerate(path.tokens):
        open_tokens.append(number)
        for letter in decoder.decode(tokens.text_bytes(token)):
            if letter.isspace():
                spaced = True
                continue
            alone = spaceless(letter)
            if spaced or alone or (previous and spaceless(previous)) or not drafts:
                glued = bool(drafts) and (not spaced or (alone and spaceless(previous)))
                drafts.append(_Draft(glued))
            drafts[-1].text += letter
            drafts[-1].tokens += [one for one in open_tokens if one not in drafts[-1].tokens]
            spaced, previous = False, letter
        if not decoder.getstate()[0]:
            open_tokens = []
    return drafts


def spaceless(letter: str) -> bool:
    """Whether a character is of a script that puts no spaces between words."""
    code = ord(letter)
    return code >= _SPACELESS_FROM or any(first <= code <= last for first, last in _SPACELESS)


def spell(phrase: str, tokens: Tokens) -> tuple[int, ...] | None:
    """Tokens of a written phrase, or None when there are none for a part of it; tried as written, then in capitals.

    Pieces were merged in the order of their numbers when the table was made, so the same merges give the same pieces.
    """
    for written in dict.fromkeys((phrase, phrase.upper(), phrase.lower())):
        spelt: list[int] = []
        for word in _apart(written):
            pieces = _pieces(word, tokens)
            if pieces is None:
                break
            spelt += pieces
        else:
            return tuple(spelt) or None
    return None


def _apart(phrase: str) -> list[str]:
    """Words, and characters of scripts without spaces."""
    spaced = "".join(f" {letter} " if spaceless(letter) else letter for letter in phrase)
    return spaced.split()


def _pieces(word: str, tokens: Tokens) -> list[int] | None:
    if spaceless(word[0]) and word in tokens.number:
        return [tokens.number[word]]
    written = "".join(letters_of_bytes()[value] for value in word.encode()) if tokens.byte_level else word
    for spelling in (SPACE + written, written):
        parts = _merged(list(spelling), tokens)
        if all(part in tokens.number for part in parts):
            return [tokens.number[part] for part in parts]
    return None


def _merged(parts: list[str], tokens: Tokens) -> Sequence[str]:
    while True:
        pairs = [(tokens.number.get(first + second), at) for at, (first, second) in enumerate(pairwise(parts))]
        known = [(number, at) for number, at in pairs if number is not None]
        if not known:
            return parts
        _, at = min(known)
        parts = [*parts[:at], parts[at] + parts[at + 1], *parts[at + 2 :]]
