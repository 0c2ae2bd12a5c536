"""From a path of tokens to words with times, and from written phrases to tokens."""

import codecs
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from edge_asr.asr.result import Word
from edge_asr.asr.script import spaceless
from edge_asr.asr.zipformer.byte_letters import letters_of_bytes
from edge_asr.asr.zipformer.token_path import NOTHING_SAID, TokenPath
from edge_asr.asr.zipformer.tokens import SPACE, Tokens


@dataclass(slots=True)
class _Draft:
    """A word being read: the places of its first and its last token in the path."""

    text: str
    glued: bool
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Spelt:
    """Words of a path. At its token `seam` a word begins that does not depend on what stands before it.

    `settled` counts the words before the seam.
    """

    path: TokenPath = NOTHING_SAID
    words: tuple[Word, ...] = ()
    seam: int = 0
    settled: int = 0


NOTHING_SPELT = Spelt()


def spell_on(before: Spelt, path: TokenPath, tokens: Tokens, output_s: float, heard_s: float) -> Spelt:
    """What `words` makes of a path all of which has been heard; up to the seam of `before` it is taken from there.

    A path grows at its end: reading all of it again at each chunk would cost more the longer somebody speaks.
    """
    seam, settled = before.seam, before.settled
    reach = seam + 1  # the token at the seam makes it one
    if path.tokens[:reach] != before.path.tokens[:reach] or path.outputs[:reach] != before.path.outputs[:reach]:
        seam, settled = 0, 0
    drafts = _drafts(path, tokens, seam)
    found = (*before.words[:settled], *_timed(drafts, path, output_s, heard_s))
    if drafts and _parts(drafts[-1].first, path, tokens):
        seam, settled = drafts[-1].first, len(found) - 1
    return Spelt(path, found, seam, settled)


def words(path: TokenPath, tokens: Tokens, output_s: float, heard_s: float) -> tuple[Word, ...]:
    """Words of a path whose outputs are `output_s` long; a word that comes after `heard_s` counts as the end's.

    Chinese and Japanese characters are a word each, without a space between them. A word's confidence is the
    geometric mean of the shares that the network gave its tokens.
    """
    return _timed(_drafts(path, tokens, 0), path, output_s, heard_s)


def _timed(drafts: Sequence[_Draft], path: TokenPath, output_s: float, heard_s: float) -> tuple[Word, ...]:
    found = []
    for draft in drafts:
        begin_s = max(0.0, min(path.outputs[draft.first] * output_s, heard_s - output_s))
        end_s = min((path.outputs[draft.last] + 1) * output_s, heard_s)
        shares = path.log_shares[draft.first : draft.last + 1]
        confidence = min(1.0, math.exp(sum(shares) / len(shares)))
        found.append(Word(draft.text, begin_s, end_s, confidence, draft.glued))
    return tuple(found)


def _parts(place: int, path: TokenPath, tokens: Tokens) -> bool:
    """Whether the token there is whole characters: a space and then no other, after a token of whole characters."""
    text = tokens.text[path.tokens[place]]
    if text is None or not text[:1].isspace() or any(map(str.isspace, text[1:])) or spaceless(text[1:2]):
        return False
    return place == 0 or bool(tokens.text[path.tokens[place - 1]])


def _drafts(path: TokenPath, tokens: Tokens, begin: int) -> list[_Draft]:
    """Letters from the token `begin` on, gathered into words."""
    drafts: list[_Draft] = []
    spaced, alone = True, False
    for letters, first, last in _letters(path, tokens, begin):
        for letter in letters:
            if letter.isspace():
                spaced = True
                continue
            was_alone, alone = alone, spaceless(letter)
            if spaced or alone or was_alone:
                drafts.append(_Draft(letter, bool(drafts) and (not spaced or (alone and was_alone)), first, last))
            else:
                drafts[-1].text += letter
                drafts[-1].last = last
            spaced = False
    return drafts


def _letters(path: TokenPath, tokens: Tokens, begin: int) -> Iterator[tuple[str, int, int]]:
    """Text of tokens, and the places of the first and the last that it comes from; bytes that are no text are lost."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    begun: int | None = None  # where a character began of which more bytes are to come
    for place, token in enumerate(path.tokens[begin:], begin):
        letters = tokens.text[token]
        if letters is None or begun is not None:
            letters = decoder.decode(tokens.text_bytes[token])
        yield letters, (place if begun is None else begun), place
        begun = None if not decoder.getstate()[0] else (place if begun is None or letters else begun)


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
