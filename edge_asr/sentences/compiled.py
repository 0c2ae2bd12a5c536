"""Everything that was written as the one value that recognizers take, and what there is to say of it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from hassil.expression import Expression

from edge_asr.asr.grammar import Grammar, spelled_phones
from edge_asr.errors import SentencesError
from edge_asr.sentences.acceptor import END, START, Acceptor
from edge_asr.sentences.counting import Counting
from edge_asr.sentences.definitions import AnyList, Block, Definitions, ListValue, Template, TextList
from edge_asr.sentences.files import read_files, ready_made
from edge_asr.sentences.pieces import Net, Size
from edge_asr.sentences.place import Place
from edge_asr.sentences.sayable_names import MoreLists, SayableNames, literal
from edge_asr.sentences.scope import Scope
from edge_asr.sentences.sentence_tree import SentenceTree
from edge_asr.sentences.spelling import Spelling, Vocabulary, normal
from edge_asr.sentences.template import expression
from edge_asr.sentences.unknown_words import UnknownWords
from edge_asr.sentences.wake import with_wake
from edge_asr.sentences.word_ways import Meaning, WordWays

MOST_STEPS = 3_000_000  # from word to word, of all sentences together: half a gigabyte while it is put together

_DIGIT = re.compile("[0-9]")
_PHONES = re.compile(r"(?<!\S)/([^/]*)/(?!\S)")


@dataclass(frozen=True, slots=True)
class Compiled:
    """`templates` as written, `expansions` as spoken. `doubts` are sentences, lists and rules that do nothing."""

    grammar: Grammar
    templates: int
    expansions: int
    intents: int
    words: int
    states: int
    doubts: tuple[str, ...]
    names: int = 0  # of the house, that can be said
    left_out: tuple[str, ...] = ()  # of those that cannot
    wake_ways: int = 0  # to say the phrase that wakes; 0: there is none


class NothingSaidError(SentencesError):
    """None of the sentences can be said, though each may be right: its lists are empty.

    left_out: names of the house that cannot be said.
    """

    def __init__(self, message: str, left_out: tuple[str, ...]) -> None:
        super().__init__(message)
        self.left_out = left_out


def compile_files(
    paths: Iterable[str | Path],
    known: Vocabulary,
    language: str,
    more_lists: MoreLists | None = None,
    wake_phrase: str | None = None,
) -> Compiled:
    """What files and folders say, for a model that knows these words. Raises SentencesError.

    `more_lists`: values of lists that come from elsewhere, as (what is said, value); no templates.
    """
    definitions = read_files(paths, language)
    for name, values in (more_lists or {}).items():
        place = Place(f"list {name}", 1)
        said = (ListValue(Template(literal(text), place), value) for text, value in values)
        definitions.lists[name] = TextList(name, place, tuple(said))
    return compile_definitions(definitions, known, language, wake_phrase=wake_phrase)


def compile_definitions(
    definitions: Definitions,
    known: Vocabulary,
    language: str,
    most_steps: int = MOST_STEPS,
    names: MoreLists | None = None,
    wake_phrase: str | None = None,
) -> Compiled:
    """The same of what was read already. Raises SentencesError.

    `names`: as `more_lists`, but they are added to what a list of that name holds already, and one with a word that
    nobody knows is left out. `wake_phrase`: a template of what wakes; it may use the lists, rules and pronunciations.
    """
    short = language.replace("_", "-").split("-")[0].lower()
    used: set[tuple[str, str]] = set()
    waking = None
    if wake_phrase is not None:
        phrase = Template(wake_phrase, Place("commands.wake_phrase", 1))
        only = replace(definitions, blocks=[Block("wake", (phrase,))], skip_words=[])
        waking = _Compilation(only, known, short, most_steps, names or {}, used, waking=True).compiled()
    found = _Compilation(definitions, known, short, most_steps, names or {}, used).compiled()
    if waking is None:
        return found
    return replace(found, grammar=with_wake(found.grammar, waking.grammar), wake_ways=waking.expansions)


class _Compilation:
    """`used`: lists and rules that anything asks for, grows. `waking`: it is the phrase that wakes."""

    def __init__(
        self,
        definitions: Definitions,
        known: Vocabulary,
        language: str,
        most_steps: int,
        names: MoreLists,
        used: set[tuple[str, str]],
        *,
        waking: bool = False,
    ) -> None:
        self._definitions, self._known = definitions, known
        self._sounds = _sounds(definitions, known, language)
        self._spelling = Spelling(language, known, self._sounds)
        self._unknown, self._size = UnknownWords(), Size(most_steps)
        self._acceptor, self._tree = Acceptor(), SentenceTree()
        self._ways = WordWays(self._acceptor, self._spelling, self._unknown, self._size)
        sayable = SayableNames(self._spelling, names)
        self._names, self._left_out = sayable.count, sayable.left_out
        self._lists: dict[str, AnyList] = sayable.added_to({**ready_made(language), **definitions.lists})
        self._parsed: dict[Template, Expression] = {}
        self._used, self._waking = used, waking
        self._expansions = 0
        self._doubts: list[str] = []

    def compiled(self) -> Compiled:
        definitions = self._definitions
        for rule in definitions.rules.values():
            self._parse(rule)
        for block in definitions.blocks:
            self._block(block)
        skipping = Scope(self._lists, definitions.rules, parse=self._parse)
        for template in definitions.skip_words:
            for state in (START, END):
                net = Net(skipping, self._spelling, self._size)
                ends = net.add(self._parse(template), template.place)
                self._ways.add(net, *ends, (state, state), None, template.place)
        self._unknown.check(self._known)
        self._tree.add_to(self._acceptor)
        if not self._waking:
            self._look_for_idle()
        words = {token.word for token in self._acceptor.tokens}
        if not any(target == END and source != END for source, _, target in self._acceptor.arcs):
            what = "the phrase that wakes cannot" if self._waking else "none of the sentences can"
            raise NothingSaidError(f"{what} be said: {'; '.join(self._doubts)}", self._left_out)
        return Compiled(
            self._acceptor.grammar({word: ways for word, ways in self._sounds.items() if word in words}),
            sum(len(block.sentences) for block in definitions.blocks),
            self._expansions,
            len({block.intent for block in definitions.blocks}),
            len(words),
            self._acceptor.states,
            tuple(self._doubts),
            self._names,
            self._left_out,
        )

    def _parse(self, template: Template) -> Expression:
        """Rules and values of lists are read once, however often they are used."""
        if template not in self._parsed:
            self._parsed[template] = expression(template)
        return self._parsed[template]

    def _block(self, block: Block) -> None:
        meaning = (block.intent, block.fixed)
        templates: list[Template] = []
        for sentence in block.sentences:
            words = self._plain_words(sentence) if sentence.plain else None
            if words:
                self._size.grow(sentence.place, len(words))
                own = not (block.fixed or self._definitions.skip_words) and " ".join(words) == block.intent
                self._tree.add(words, None if own else meaning)
                self._expansions += 1
            else:
                templates.append(sentence)
        if templates or block.lists or block.rules:
            self._templates(block, templates, meaning)

    def _templates(self, block: Block, templates: list[Template], meaning: Meaning) -> None:
        lists, rules = self._lists, self._definitions.rules
        if block.lists or block.rules:
            lists, rules = {**lists, **block.lists}, {**rules, **block.rules}
        for rule in block.rules.values():
            self._parse(rule)
        scope = Scope(lists, rules, block.requires, block.excludes, self._parse, self._used)
        counting = Counting(scope, self._spelling)
        for sentence in templates:
            part = expression(sentence)
            net = Net(scope, self._spelling, self._size)
            ends = net.add(part, sentence.place)
            if self._waking and net.silent(*ends):
                raise sentence.place.error(
                    f"the phrase {sentence.text!r} may be nothing at all, and then nothing wakes",
                    'write a word that is always said, as in "hey [dear] house"',
                )
            if not self._ways.add(net, *ends, (START, END), meaning, sentence.place):
                self._doubts.append(f"{sentence.place}: {sentence.text!r} can never be said: there are no words for it")
            else:
                self._expansions += counting.count(part, sentence.place)

    def _plain_words(self, sentence: Template) -> list[str] | None:
        """Words of a sentence that can be said in one way only; None when that takes a closer look."""
        text = sentence.text
        if not text.isascii() or _DIGIT.search(text):
            return None
        words = [word for letters in normal(text).split() for word in self._spelling.words(letters)]
        for word in words:
            if not self._spelling.knows(word):
                self._unknown.add(word, sentence.place)
        return words

    def _look_for_idle(self) -> None:
        """Lists without values, and what no sentence asks for."""
        for name, found in self._definitions.lists.items():
            if isinstance(found, TextList) and not found.values:
                self._doubts.append(f"{found.place}: the list {{{name}}} is empty, what needs it cannot be said")
            elif ("list", name) not in self._used:
                self._doubts.append(f"{found.place}: the list {{{name}}} is used by no sentence")
        for name, rule in self._definitions.rules.items():
            if ("rule", name) not in self._used:
                self._doubts.append(f"{rule.place}: the rule <{name}> is used by no sentence")


def _sounds(definitions: Definitions, known: Vocabulary, language: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Words with the rows of words that they sound like; raises SentencesError."""
    spelling, unknown = Spelling(language, known, ()), UnknownWords()
    sounds: dict[str, tuple[tuple[str, ...], ...]] = {}
    for written, templates in definitions.pronunciations.items():
        word = normal(written).strip()
        if not word or len(word.split()) > 1:
            raise templates[0].place.error(f"{written!r} is to be pronounced", "expected one word; name each by itself")
        ways = []
        for template in templates:
            way = _way(template, spelling)
            for one in way:
                phones = spelled_phones(one)
                if phones is not None:
                    fault = known.fault_of_phones(phones)
                    if fault:
                        raise SentencesError(f"{template.place}: {fault}")
                elif one not in known:
                    unknown.add(one, template.place)
            ways.append(way)
        sounds[word] = tuple(dict.fromkeys(ways))
    unknown.check(known)
    return sounds


def _way(template: Template, spelling: Spelling) -> tuple[str, ...]:
    """Words that sound so, and phones between slashes."""
    way: list[str] = []
    for at, part in enumerate(_PHONES.split(template.text)):
        if at % 2:
            way.append(f"/{' '.join(part.split())}/")
        else:
            way += (one for letters in normal(part).split() for one in spelling.words(letters))
    if not way:
        raise template.place.error(f"{template.text!r} says nothing", 'write words, as in ["kay lee"]')
    return tuple(way)
