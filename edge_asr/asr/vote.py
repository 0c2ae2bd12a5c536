"""Where the two passes differ, both have a vote: a text of the second pass takes words of the first.

The second pass writes what reads well, and a word that nobody knows rather than none; the first hears with a
network of another kind, and knows only words. So each place where they differ is written with the first one's words
too, and the second says how likely that text is. It is taken where the second's own is not much likelier. That is a
vote as in ROVER (Fiscus 1997), but one of two: the likeness decides, and not the count.

Only words that the second pass is not sure of are put to the vote, and of many places the least sure: each costs a run
or two of its decoder over what follows. What is the same and only written otherwise, in one word or two, in figures or
in words, stays as it is.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from edge_asr.asr.align import Block, blocks, normalized
from edge_asr.asr.rescorer import SpokenWord
from edge_asr.asr.result import Word

_WORTH = 1.0  # how much likelier, as a log ratio, its own words have to be for the second pass to keep them
_SURE = 0.95  # a confidence from which on a word of the second pass stands
_MOST_PLACES = 6

_MARKS = re.compile(r"[^\w%']*$")  # at the end of a word
_OPENING = re.compile(r"[^\w$]*")  # and at its beginning
_SENTENCE_ENDS = ".?!"
_DIGIT = re.compile(r"\d")
_TITLES = {"mr": "mister", "mrs": "missus", "ms": "miss", "dr": "doctor", "st": "saint"}  # English
_SELF = re.compile(r"i(?='|$)")  # English: always with a capital letter

Margins = Callable[[str, Sequence[str]], Sequence[float]]  # see `Rescorer.margins`


@dataclass(frozen=True, slots=True)
class _Rival:
    """What might stand in place of spoken[begin:end]."""

    begin: int
    end: int
    words: tuple[SpokenWord, ...]

    def put_into(self, spoken: Sequence[SpokenWord]) -> tuple[SpokenWord, ...]:
        return (*spoken[: self.begin], *self.words, *spoken[self.end :])


def voted(first: Sequence[Word], spoken: Sequence[SpokenWord], margins: Margins) -> tuple[SpokenWord, ...]:
    """The spoken words, some in the first pass's version, with its confidence; `margins` tells what is how likely.

    It is asked once, or not at all where nothing is to be decided. Of two places that both change the word between
    them the likelier is taken.
    """
    rivals = list(dict.fromkeys(rival for place in _places(first, spoken) for rival in _rivals(first, spoken, place)))
    if not rivals:
        return tuple(spoken)
    found = margins(_text(spoken), [_text(rival.put_into(spoken)) for rival in rivals])
    taken: list[_Rival] = []
    for margin, rival in sorted(zip(found, rivals, strict=True), key=lambda pair: pair[0]):
        free = all(rival.end <= other.begin or other.end <= rival.begin for other in taken)
        if margin < _WORTH and free and not any(rival.begin == other.begin for other in taken):
            taken.append(rival)
    words = tuple(spoken)
    for rival in sorted(taken, key=lambda one: -one.begin):
        words = rival.put_into(words)
    return words


def _places(first: Sequence[Word], spoken: Sequence[SpokenWord]) -> list[Block]:
    """Where both differ and the second is not sure."""
    if any(word.glued for word in first):
        return []
    unsure: list[tuple[float, Block]] = []
    for block in blocks(first, spoken):
        ours, theirs = first[block.begin : block.end], spoken[block.spoken_begin : block.spoken_end]
        confidence = min((word.confidence for word in theirs), default=0.0)
        if confidence < _SURE and not _alike(ours, theirs):
            unsure.append((confidence, block))
    unsure.sort(key=lambda pair: pair[0])
    return [block for _, block in unsure[:_MOST_PLACES]]


def _alike(ours: Sequence[Word], theirs: Sequence[SpokenWord]) -> bool:
    """Whether both may be the same, written in another way."""
    heard = "".join(normalized(word.word) for word in ours)
    said = [normalized(word.word) for word in theirs]
    if heard in {"".join(said), "".join(_TITLES.get(word, word) for word in said)}:
        return True
    return 0 < len(said) <= len(ours) and all(map(_DIGIT.search, said)) and not _DIGIT.search(heard)


def _rivals(first: Sequence[Word], spoken: Sequence[SpokenWord], place: Block) -> Iterator[_Rival]:
    """The ways to write the first pass's words there; marks and beginnings of sentences stay where they are."""
    begin, end = place.spoken_begin, place.spoken_end
    ours, theirs = [_plain(word) for word in first[place.begin : place.end]], spoken[begin:end]
    opens = _opens(spoken, begin)
    if ours and opens:
        ours[0] = _capital(ours[0])
    if not ours:
        yield from _shorter(spoken, begin, end, opens=opens)
    elif not theirs:
        yield from _longer(spoken, begin, ours, opens=opens)
    else:
        ours[-1] = _with_mark(ours[-1], _mark(theirs[-1]))
        opening = _opening(theirs[0])
        capitals = [
            at < len(theirs) and theirs[at].word[len(opening) * (at == 0) :][:1].isupper() for at in range(len(ours))
        ]
        named = [_capital(word) if capital else word for word, capital in zip(ours, capitals, strict=True)]
        for words in (ours, named):  # twice the same is asked once
            yield _Rival(begin, end, (replace(words[0], word=opening + words[0].word), *words[1:]))


def _longer(spoken: Sequence[SpokenWord], at: int, ours: list[SpokenWord], *, opens: bool) -> Iterator[_Rival]:
    if at == len(spoken) and spoken:  # before the mark that ends the text
        last = spoken[-1]
        yield _Rival(at - 1, at, (_with_mark(last, ""), *ours[:-1], _with_mark(ours[-1], _mark(last))))
        return
    yield _Rival(at, at, tuple(ours))
    if not opens:
        yield _Rival(at, at, (_capital(ours[0]), *ours[1:]))
    elif at < len(spoken):
        yield _Rival(at, at + 1, (*ours, _small(spoken[at])))


def _shorter(spoken: Sequence[SpokenWord], begin: int, end: int, *, opens: bool) -> Iterator[_Rival]:
    mark = _mark(spoken[end - 1])
    if opens and end < len(spoken):
        yield _Rival(begin, end + 1, (_capital(spoken[end]),))
    elif begin and mark[:1] and mark[0] in _SENTENCE_ENDS:
        yield _Rival(begin - 1, end, (_with_mark(spoken[begin - 1], mark),))
    elif begin or end < len(spoken):
        yield _Rival(begin, end, ())


def _opens(spoken: Sequence[SpokenWord], at: int) -> bool:
    """Whether a word there begins a sentence. A segment may go on with that of the one before."""
    if at == 0:
        return not spoken or not spoken[0].word[:1].islower()
    return at < len(spoken) and spoken[at - 1].word[-1] in _SENTENCE_ENDS


def _text(words: Sequence[SpokenWord]) -> str:
    return " ".join(word.word for word in words)


def _plain(word: Word) -> SpokenWord:
    text = word.word.lower() if word.word.isupper() else word.word
    return SpokenWord("I" + text[1:] if _SELF.match(text) else text, word.confidence)


def _mark(word: SpokenWord) -> str:
    found = _MARKS.search(word.word)
    return found[0] if found else ""


def _opening(word: SpokenWord) -> str:
    found = _OPENING.match(word.word)
    return found[0] if found and found[0] != word.word else ""  # marks alone end what is before them


def _with_mark(word: SpokenWord, mark: str) -> SpokenWord:
    return replace(word, word=_MARKS.sub("", word.word, count=1) + mark)


def _capital(word: SpokenWord) -> SpokenWord:
    return replace(word, word=word.word[:1].upper() + word.word[1:])


def _small(word: SpokenWord) -> SpokenWord:
    return replace(word, word=word.word[:1].lower() + word.word[1:])
