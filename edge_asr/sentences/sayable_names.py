"""Names that come from elsewhere: those that can be said join the lists, one that cannot spoils none of the others."""

from collections.abc import Iterable, Mapping

from edge_asr.asr.grammar import Value
from edge_asr.errors import SentencesError
from edge_asr.sentences.acceptor import END, START, Acceptor
from edge_asr.sentences.definitions import SPECIAL, AnyList, ListValue, Template, TextList
from edge_asr.sentences.pieces import Net, Size
from edge_asr.sentences.place import Place
from edge_asr.sentences.scope import Scope
from edge_asr.sentences.spelling import Spelling
from edge_asr.sentences.template import expression
from edge_asr.sentences.unknown_words import UnknownWords
from edge_asr.sentences.word_ways import WordWays

_MOST_STEPS = 3000  # of one name

MoreLists = Mapping[str, Iterable[tuple[str, Value]]]


class SayableNames:
    """Of `names` those that are made of words that are known, as (what is said, value); no templates."""

    def __init__(self, spelling: Spelling, names: MoreLists) -> None:
        self._spelling = spelling
        self._lists: dict[str, TextList] = {}
        left_out: dict[str, None] = {}
        for name, values in names.items():
            place = Place(f"names of the house, {name}", 1)
            found = []
            for text, value in values:
                said = Template(literal(text), place)
                if self._can_be_said(said):
                    found.append(ListValue(said, value, of_house=True))
                else:
                    left_out[text] = None
            self._lists[name] = TextList(name, place, tuple(found))
        self.count = sum(len(each.values) for each in self._lists.values())
        self.left_out = tuple(left_out)

    def added_to(self, lists: Mapping[str, AnyList]) -> dict[str, AnyList]:
        """`lists` with them: behind the values of one of that name; one of numbers stays as it is."""
        added = dict(lists)
        for name, more in self._lists.items():
            there = added.get(name)
            if there is None:
                added[name] = more
            elif isinstance(there, TextList):
                added[name] = TextList(name, there.place, (*there.values, *more.values))
        return added

    def _can_be_said(self, said: Template) -> bool:
        """Whether it is a sentence by itself."""
        unknown, size = UnknownWords(), Size(_MOST_STEPS)
        try:
            net = Net(Scope({}, {}), self._spelling, size)
            ends = net.add(expression(said), said.place)
            ways = WordWays(Acceptor(), self._spelling, unknown, size)
            return ways.add(net, *ends, (START, END), None, said.place) and not unknown.some
        except SentencesError:  # it is too long for that
            return False


def literal(text: str) -> str:
    """A text of which nothing is a template."""
    return "".join(f"\\{letter}" if letter in SPECIAL else letter for letter in text)
