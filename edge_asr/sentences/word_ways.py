"""From a net of pieces to ways of words: letters are put together up to the next space, with what they mean.

A script without spaces is divided into words of the lexicon, in all ways; no word reaches across the edge of a slot.
"""

from collections.abc import Iterator
from typing import NamedTuple

from edge_asr.asr.grammar import Token, Value
from edge_asr.sentences.acceptor import Acceptor
from edge_asr.sentences.pieces import Enter, Gap, Label, Leave, Letters, Net, Size, Slot
from edge_asr.sentences.place import Place
from edge_asr.sentences.spelling import Spelling
from edge_asr.sentences.unknown_words import UnknownWords

_MOST_LETTERS = 1000  # of one word
_LETTERS_A_STEP = 16  # a part of a word takes as much room as it has letters
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


WordArc = tuple[Between, tuple[Token, ...], Between]


class WordWays:
    """For one net after another, into one acceptor."""

    def __init__(self, acceptor: Acceptor, spelling: Spelling, unknown: UnknownWords, size: Size) -> None:
        self._acceptor, self._spelling, self._unknown, self._size = acceptor, spelling, unknown, size

    def add(
        self, net: Net, first: int, last: int, ends: tuple[int, int], meaning: Meaning | None, place: Place
    ) -> bool:
        """From one state of the acceptor to another all that the net says; whether it says anything at all.

        Raises SentencesError when that is too much.
        """
        begin, end = Between(first, (), first=True), Between(last, (), first=False)
        walk = _Walk(net, last, meaning, self._spelling, self._unknown, self._size, place)
        seen, waiting = {begin}, [begin]
        while waiting:
            for there in walk.words_from(waiting.pop()):
                if there not in seen:
                    seen.add(there)
                    waiting.append(there)
        return self._commit(walk.all_arcs(), begin, end, ends)

    def _commit(self, arcs: list[WordArc], begin: Between, end: Between, ends: tuple[int, int]) -> bool:
        """Take what leads to the end into the acceptor."""
        before: dict[Between, list[Between]] = {}
        for source, _, target in arcs:
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
        for source, tokens, target in dict.fromkeys(arcs):
            if target in good and source in good:
                for one in (source, target):
                    if one not in states:
                        states[one] = self._acceptor.state()
                self._chain(states[source], tokens, states[target])
        return True

    def _chain(self, here: int, tokens: tuple[Token, ...], there: int) -> None:
        for token in tokens[:-1]:
            between = self._acceptor.state()
            self._acceptor.arc(here, token, between)
            here = between
        self._acceptor.arc(here, tokens[-1] if tokens else None, there)


class _Walk:
    """Through one net, from one place between words to the next."""

    def __init__(
        self,
        net: Net,
        last: int,
        meaning: Meaning | None,
        spelling: Spelling,
        unknown: UnknownWords,
        size: Size,
        place: Place,
    ) -> None:
        self._net, self._last, self._meaning, self._place = net, last, meaning, place
        self._spelling, self._unknown, self._size = spelling, unknown, size
        self._arcs: list[WordArc] = []
        self._doubtful: list[tuple[WordArc, tuple[int, int], Place]] = []
        self._covered: set[tuple[int, int]] = set()
        self._here = Between(0, (), first=True)
        self._found: list[Between] = []

    def words_from(self, here: Between) -> list[Between]:
        """All places that one word leads to."""
        self._here, self._found = here, []
        begin = Part(here.state, "", False, None, here.waiting, (), (), ())
        seen, waiting = {begin}, [(begin, self._place)]
        while waiting:
            part, where = waiting.pop()
            self._size.grow(self._place, 1 + len(part.text) // _LETTERS_A_STEP)
            self._end(part, where)
            for label, target in self._net.ways[part.state]:
                place = label.place if isinstance(label, Letters) else where
                following = self._through(part, label, target, place)
                if following is not None and following not in seen:
                    seen.add(following)
                    waiting.append((following, place))
        return self._found

    def all_arcs(self) -> list[WordArc]:
        """Those of all words; a single character that nobody knows is one only where no word has it inside."""
        for arc, way, place in self._doubtful:
            if way not in self._covered:
                self._unknown.add(arc[1][0].word, place)
                self._arcs.append(arc)
        return self._arcs

    def _end(self, part: Part, place: Place) -> None:
        """The end of the sentence, when it is here."""
        if part.state != self._last or part.waiting:
            return
        if part.text:
            self._word(part, self._last, place)
        elif not self._here.first and self._here.state != self._last:
            self._arc((), Between(self._last, (), first=False))

    def _through(self, part: Part, label: Label, target: int, place: Place) -> Part | None:
        """The part of a word behind one way of the net; None where it ends, or may not go on."""
        if isinstance(label, Letters):
            return self._letters(part, label, target, place)
        if label is None:
            return part._replace(state=target)
        if part.han and part.text:
            return None  # the word has ended before: there another one may go on
        if isinstance(label, Enter):
            return part._replace(state=target, waiting=(*part.waiting, label.slot))
        if isinstance(label, Gap) and part.text:
            self._word(part, target, place)
            return None
        silent = isinstance(label, Leave) and label.slot in part.waiting  # in a slot something is said
        return None if silent else part._replace(state=target)

    def _letters(self, part: Part, label: Letters, target: int, place: Place) -> Part | None:
        if part.text and part.han != label.han:
            if not part.han:
                self._word(part, part.state, place)
            return None
        longer = _longer(part, label, target)
        if not label.han:
            if len(longer.text) > _MOST_LETTERS:
                raise self._place.error(f"a word of more than {_MOST_LETTERS} letters", "put spaces between words")
            return longer
        self._han(longer, place)
        return longer if len(longer.text) < _MOST_HAN and self._spelling.begins_word(longer.text) else None

    def _han(self, part: Part, place: Place) -> None:
        """The characters so far as a word, when it is one."""
        if self._spelling.knows(part.text):
            self._covered.update(part.ways)
            self._word(part, part.state, place)
        elif len(part.text) == 1:
            there = Between(part.state, part.waiting, first=False)
            tokens = tuple(self._tokens((part.text,), part))
            self._doubtful.append(((self._here, tokens, there), part.ways[0], place))
            self._found.append(there)

    def _word(self, part: Part, state: int, place: Place) -> None:
        words = self._words(part)
        if not words and part.begun:
            return  # a slot of nothing but signs is never said
        for word in (word for word in words if not self._spelling.knows(word)):
            if part.slot is not None and part.slot.of_house:
                return  # a name with something glued to it, as in {name}['s]: it is said without, and so are others
            self._unknown.add(word, place)
        there = Between(state, part.waiting, first=self._here.first and not words)
        self._arc(tuple(self._tokens(words, part)), there)

    def _arc(self, tokens: tuple[Token, ...], there: Between) -> None:
        self._arcs.append((self._here, tokens, there))
        self._found.append(there)

    def _words(self, part: Part) -> tuple[str, ...]:
        """Of what is glued and unknown, as in living[ ]room, the words that it is put together from."""
        words = self._spelling.words(part.text)
        if len(part.pieces) <= 1 or all(map(self._spelling.knows, words)):
            return words
        if all(len(piece) >= _SHORTEST_WORD and self._spelling.knows(piece) for piece in part.pieces):
            return part.pieces
        return words

    def _tokens(self, words: tuple[str, ...], part: Part) -> Iterator[Token]:
        """Of several slots that one word begins the innermost has it, the others are only given."""
        slot = part.begun[-1] if part.begun else part.slot
        given = tuple((one.name, one.value) for one in part.begun[:-1])
        intent, fixed = self._meaning if self._meaning is not None and self._here.first else (None, ())
        for number, word in enumerate(words):
            name = slot.name if slot is not None else None
            if number:
                yield Token(word, slot=name)
            elif slot is None or not part.begun:
                yield Token(word, intent, (*fixed, *given), name)
            else:
                yield Token(word, intent, (*fixed, *given), name, slot.value, begins=True)


def _longer(part: Part, label: Letters, target: int) -> Part:
    ways = (*part.ways, (part.state, target)) if label.han else ()
    begun, slot = (*part.begun, *part.waiting), label.slot or part.slot
    pieces = () if label.han else (*part.pieces, label.text)
    return Part(target, part.text + label.text, label.han, slot, (), begun, ways, pieces)
