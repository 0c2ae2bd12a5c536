"""From a net of pieces to ways of words: letters are put together up to the next space, with what they mean.

A script without spaces is divided into words of the lexicon, in all ways; no word reaches across the edge of a slot.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from edge_asr.asr.grammar import Token, Value
from edge_asr.sentences.acceptor import Acceptor
from edge_asr.sentences.pieces import Enter, Gap, Leave, Letters, Net, Size, Slot
from edge_asr.sentences.place import Place
from edge_asr.sentences.spelling import Spelling
from edge_asr.sentences.unknown_words import UnknownWords

_MOST_LETTERS = 1000  # of one word
_MOST_HAN = 8
_SHORTEST_WORD = 3  # of those that an unknown word is put together from: an ending like the s of light[s] is none

Meaning = tuple[str, tuple[tuple[str, Value], ...]]  # intent, and slots that it always has


class Between(NamedTuple):
    """Between two words: a state of the net, slots that have begun and not been said yet."""

    state: int
    waiting: tuple[Slot, ...]
    first: bool


class Part(NamedTuple):
    """A word on its way. `begun`: slots that begin with it; `ways`: those of the net that it has taken."""

    state: int
    text: str
    han: bool
    slot: Slot | None
    waiting: tuple[Slot, ...]
    begun: tuple[Slot, ...]
    ways: tuple[tuple[int, int], ...]
    pieces: tuple[str, ...]


@dataclass(slots=True)
class _Steps:
    """Words from one place between words to the next."""

    arcs: list[tuple[Between, tuple[Token, ...], Between]] = field(default_factory=list)
    doubtful: list[tuple[Between, Token, Between, tuple[int, int], Place]] = field(default_factory=list)
    covered: set[tuple[int, int]] = field(default_factory=set)


class WordWays:
    """For one net after another, into one acceptor."""

    def __init__(self, acceptor: Acceptor, spelling: Spelling, unknown: UnknownWords, size: Size) -> None:
        self._acceptor, self._spelling, self._unknown, self._size = acceptor, spelling, unknown, size

    def add(
        self, net: Net, first: int, last: int, ends: tuple[int, int], meaning: Meaning | None, place: Place
    ) -> bool:
        """From one state of the acceptor to another all that the net says; whether it says anything at all."""
        begin = Between(first, (), first=True)
        steps, seen, waiting = _Steps(), {begin}, [begin]
        while waiting:
            here = waiting.pop()
            for there in self._step(net, here, last, steps, meaning, place):
                if there not in seen:
                    seen.add(there)
                    waiting.append(there)
        for source, token, target, way, where in steps.doubtful:
            if way not in steps.covered:
                self._unknown.add(token.word, where)
                steps.arcs.append((source, (token,), target))
        return self._commit(steps, begin, Between(last, (), first=False), ends)

    def _step(
        self, net: Net, here: Between, last: int, steps: _Steps, meaning: Meaning | None, place: Place
    ) -> Iterator[Between]:
        """All words from `here`, each to the place behind it."""
        begin = Part(here.state, "", False, None, here.waiting, (), (), ())
        seen, waiting = {begin}, [(begin, place)]
        while waiting:
            part, where = waiting.pop()
            self._size.grow(place)
            if part.state == last and not part.waiting:
                if part.text:
                    yield from self._word(part, last, here, steps, meaning, where)
                elif not here.first and here.state != last:
                    steps.arcs.append((here, (), Between(last, (), first=False)))
                    yield Between(last, (), first=False)
            for label, target in net.ways[part.state]:
                if label is None:
                    following = part._replace(state=target)
                elif isinstance(label, Letters):
                    where = label.place
                    if part.text and part.han != label.han:
                        if not part.han:
                            yield from self._word(part, part.state, here, steps, meaning, where)
                        continue
                    following = _longer(part, label, target)
                    if label.han:
                        yield from self._han(following, here, steps, meaning, where)
                        if len(following.text) >= _MOST_HAN or not self._spelling.begins_word(following.text):
                            continue
                    elif len(following.text) > _MOST_LETTERS:
                        raise place.error(f"a word of more than {_MOST_LETTERS} letters", "put spaces between words")
                elif part.han and part.text:
                    continue  # the word has ended before: there another one may go on
                elif isinstance(label, Gap):
                    if part.text:
                        yield from self._word(part, target, here, steps, meaning, where)
                        continue
                    following = part._replace(state=target)
                elif isinstance(label, Enter):
                    following = part._replace(state=target, waiting=(*part.waiting, label.slot))
                elif label.slot in part.waiting:
                    continue  # nothing was said in it
                else:
                    following = part._replace(state=target)
                if following not in seen:
                    seen.add(following)
                    waiting.append((following, where))

    def _han(
        self, part: Part, here: Between, steps: _Steps, meaning: Meaning | None, place: Place
    ) -> Iterator[Between]:
        """The characters so far as a word, when it is one."""
        if self._spelling.knows(part.text):
            steps.covered.update(part.ways)
            yield from self._word(part, part.state, here, steps, meaning, place)
        elif len(part.text) == 1:
            there = Between(part.state, part.waiting, first=False)
            token = next(_tokens((part.text,), part, here, meaning))
            steps.doubtful.append((here, token, there, part.ways[0], place))
            yield there

    def _word(
        self, part: Part, state: int, here: Between, steps: _Steps, meaning: Meaning | None, place: Place
    ) -> Iterator[Between]:
        words = self._words(part)
        if not words and part.begun:
            return  # a slot of nothing but signs is never said
        for word in words:
            if not self._spelling.knows(word):
                self._unknown.add(word, place)
        there = Between(state, part.waiting, first=here.first and not words)
        steps.arcs.append((here, tuple(_tokens(words, part, here, meaning)), there))
        yield there

    def _words(self, part: Part) -> tuple[str, ...]:
        """Of what is glued and unknown, as in living[ ]room, the words that it is put together from."""
        words = self._spelling.words(part.text)
        if len(part.pieces) < 2 or all(map(self._spelling.knows, words)):
            return words
        if all(len(piece) >= _SHORTEST_WORD and self._spelling.knows(piece) for piece in part.pieces):
            return part.pieces
        return words

    def _commit(self, steps: _Steps, begin: Between, end: Between, ends: tuple[int, int]) -> bool:
        """Take what leads to the end into the acceptor."""
        before: dict[Between, list[Between]] = {}
        for source, _, target in steps.arcs:
            before.setdefault(target, []).append(source)
        good, waiting = {end}, [end]
        while waiting:
            for source in before.get(waiting.pop(), ()):
                if source not in good:
                    good.add(source)
                    waiting.append(source)
        if begin not in good:
            return False
        states = {begin: ends[0], end: ends[1]}
        for source, tokens, target in dict.fromkeys(steps.arcs):
            if target in good and source in good:
                here, there = (states.setdefault(one, -1) for one in (source, target))
                if here < 0:
                    here = states[source] = self._acceptor.state()
                if there < 0:
                    there = states[target] = self._acceptor.state()
                self._chain(here, tokens, there)
        return True

    def _chain(self, here: int, tokens: tuple[Token, ...], there: int) -> None:
        for token in tokens[:-1]:
            between = self._acceptor.state()
            self._acceptor.arc(here, token, between)
            here = between
        self._acceptor.arc(here, tokens[-1] if tokens else None, there)


def _longer(part: Part, label: Letters, target: int) -> Part:
    ways = (*part.ways, (part.state, target)) if label.han else ()
    begun, slot = (*part.begun, *part.waiting), label.slot or part.slot
    pieces = () if label.han else (*part.pieces, label.text)
    return Part(target, part.text + label.text, label.han, slot, (), begun, ways, pieces)


def _tokens(words: tuple[str, ...], part: Part, here: Between, meaning: Meaning | None) -> Iterator[Token]:
    """Of several slots that one word begins the innermost has it, the others are only given."""
    slot = part.begun[-1] if part.begun else part.slot
    given = tuple((one.name, one.value) for one in part.begun[:-1])
    intent, fixed = meaning if meaning is not None and here.first else (None, ())
    for number, word in enumerate(words):
        if slot is None:
            yield Token(word, intent, (*fixed, *given)) if not number else Token(word)
        elif number or not part.begun:
            yield Token(word, slot=slot.name) if number else Token(word, intent, (*fixed, *given), slot.name)
        else:
            yield Token(word, intent, (*fixed, *given), slot.name, slot.value, begins=True)
