"""Times for the words of the second pass: it writes better words, the first pass knows when they were said.

Both texts are aligned by edit distance (Levenshtein, 1966) on normalized words. What is equal takes the times as they
are; where the passes differ, the words of the second share the time of those of the first, by their lengths.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edge_asr.asr.rescorer import SpokenWord
from edge_asr.asr.result import Word

_NO_LETTER = re.compile(r"[^\w']+")
_EDIT, _EQUAL = 1000, -1
_SHORTEST_S = 0.06  # of a word that the first pass has not heard: two hops of its search


@dataclass(frozen=True, slots=True)
class Block:
    """Words first[begin:end] and spoken[spoken_begin:spoken_end] belong together."""

    begin: int
    end: int
    spoken_begin: int
    spoken_end: int


def align(first: Sequence[Word], spoken: Sequence[SpokenWord], end_s: float) -> tuple[Word, ...]:
    """The spoken words with times in seconds, from the timed words of the first pass; `end_s` is the segment's end.

    Each begins where the one before it ends, or later. Confidences are those of the spoken words.
    """
    timed: list[Word] = []
    for block in blocks(first, spoken):
        words = spoken[block.spoken_begin : block.spoken_end]
        if not words:
            continue
        if block.end > block.begin:
            begin_s, until_s = first[block.begin].start_s, first[block.end - 1].end_s
        else:
            begin_s = first[block.begin - 1].end_s if block.begin else 0.0
            until_s = first[block.begin].start_s if block.begin < len(first) else end_s
        begin_s = max(begin_s, timed[-1].end_s if timed else 0.0)
        missing_s = len(words) * _SHORTEST_S - (until_s - begin_s)
        if missing_s > 0 and timed:  # no room: the word before makes some
            last = timed[-1]
            begin_s = max((last.start_s + last.end_s) / 2, begin_s - missing_s)
            timed[-1] = Word(last.word, last.start_s, begin_s, last.confidence)
        timed += _shared(words, begin_s, max(begin_s, until_s))
    return tuple(timed)


def agreement(first: Sequence[Word | SpokenWord], spoken: Sequence[SpokenWord]) -> float:
    """Share of words, 0..1, that both texts have, in whatever order, among the longer one."""
    ours, theirs = (Counter(normalized(word.word) for word in words) for words in (first, spoken))
    return (ours & theirs).total() / max(len(first), len(spoken), 1)


def normalized(word: str) -> str:
    """Letters, digits and apostrophes of a word in lower case."""
    return _NO_LETTER.sub("", word.casefold())


def _shared(words: Sequence[SpokenWord], begin_s: float, until_s: float) -> Iterator[Word]:
    lengths = [len(normalized(word.word)) or 1 for word in words]
    done = 0
    for word, length in zip(words, lengths, strict=True):
        start_s = begin_s + (until_s - begin_s) * done / sum(lengths)
        done += length
        yield Word(word.word, start_s, begin_s + (until_s - begin_s) * done / sum(lengths), word.confidence)


def blocks(first: Sequence[Word], spoken: Sequence[SpokenWord]) -> list[Block]:
    """Equal words one by one, and between them what differs, as one block each."""
    found: list[Block] = []
    at, spoken_at = 0, 0
    for match, spoken_match in [*_matches(first, spoken), (len(first), len(spoken))]:
        if match > at or spoken_match > spoken_at:
            found.append(Block(at, match, spoken_at, spoken_match))
        at, spoken_at = match + 1, spoken_match + 1
        if match < len(first) and spoken_match < len(spoken):
            found.append(Block(match, at, spoken_match, spoken_at))
    return found


def _matches(first: Sequence[Word], spoken: Sequence[SpokenWord]) -> list[tuple[int, int]]:
    """Places of equal words on an alignment with the fewest edits, and of those with the most equal words."""
    rows = [normalized(word.word) for word in first]
    columns = [normalized(word.word) for word in spoken]
    costs = [[_EDIT * count for count in range(len(columns) + 1)]]
    for number, row in enumerate(rows, 1):
        above, here = costs[-1], [_EDIT * number]
        for column, word in enumerate(columns):
            replaced = above[column] + (_EQUAL if word == row else _EDIT)
            here.append(min(replaced, above[column + 1] + _EDIT, here[-1] + _EDIT))
        costs.append(here)
    at, spoken_at, found = len(rows), len(columns), []
    while at and spoken_at:
        equal = rows[at - 1] == columns[spoken_at - 1]
        if costs[at][spoken_at] == costs[at - 1][spoken_at - 1] + (_EQUAL if equal else _EDIT):
            at, spoken_at = at - 1, spoken_at - 1
            if equal:
                found.append((at, spoken_at))
        elif costs[at][spoken_at] == costs[at - 1][spoken_at] + _EDIT:
            at -= 1
        else:
            spoken_at -= 1
    return found[::-1]
