"""Home Assistant's sentence files: intents, lists, expansion rules, skip words; and pronunciations, which are ours."""

import difflib
from collections.abc import Mapping
from typing import TypeVar

from edge_asr.sentences.clock_times import CLOCK_KEYS, clock_list
from edge_asr.sentences.definitions import (
    AnyList,
    Block,
    Definitions,
    ListValue,
    RangeList,
    Template,
    TextList,
    WildcardList,
)
from edge_asr.sentences.place import Place
from edge_asr.sentences.yaml_node import Node, read_yaml

_TOP = ("language", "intents", "lists", "expansion_rules", "skip_words", "pronunciations")
_TOP_OF_OTHERS = ("responses", "settings", "tests", "version")
_DATA = ("sentences", "slots", "requires_context", "excludes_context", "expansion_rules", "lists")
_DATA_OF_OTHERS = (
    *("response", "metadata", "settings", "example", "examples", "description", "importance", "domain"),
    *("required_keywords", "inferred_domain", "name_domains", "name_domain", "supported"),
)
_INTENT_OF_OTHERS = ("domain", "description", "supported", "importance")
_RANGE = (
    "from",
    "to",
    "step",
    "type",
    "fractions",
    "multiplier",
    "digits",
    "words",
    "words_language",
    "unit",
    "before",
)
_FRACTIONS = {"halves": (0.0, 0.5), "tenths": tuple(tenth / 10 for tenth in range(10))}
_MOST_NUMBERS = 100_000
Defined = TypeVar("Defined", AnyList, Template)


def read_definitions(file: str, text: str, language: str) -> Definitions:
    """All that a file defines; raises SentencesError."""
    top = read_yaml(file, text).section("the file", _TOP, _TOP_OF_OTHERS)
    if "language" in top:
        _check_language(top["language"], language)
    found = Definitions()
    if "lists" in top:
        found.lists.update(_lists(top["lists"], language))
    if "expansion_rules" in top:
        found.rules.update(_rules(top["expansion_rules"]))
    if "skip_words" in top:
        found.skip_words += [
            _template(node, "a skip word") for node in top["skip_words"].items("skip_words", "[please]")
        ]
    if "pronunciations" in top:
        found.pronunciations.update(_pronunciations(top["pronunciations"]))
    if "intents" in top:
        for intent, (node, place) in top["intents"].mapping("intents").items():
            found.blocks += _blocks(intent, node, place, language)
    return found


def _check_language(node: Node, language: str) -> None:
    said = node.text("the language")
    if said.replace("_", "-").split("-")[0].lower() != language.replace("_", "-").split("-")[0].lower():
        raise node.place.error(
            f"the sentences are in the language {said!r}, and the model hears {language!r}",
            "choose a model of that language, or other sentences",
        )


def _blocks(intent: str, node: Node, place: Place, language: str) -> list[Block]:
    if not intent:
        raise place.error("an intent has no name", "write one before the colon")
    if node.is_list:  # the short way, as in Home Assistant's own configuration
        return [Block(intent, _sentences(node, "sentences"))]
    data = node.section(f"the intent {intent!r}", ("data",), _INTENT_OF_OTHERS).get("data")
    if data is None:
        raise place.error(
            f"the intent {intent!r} has no sentences", "expected `data:` and `- sentences: [...]` below it"
        )
    return [_block(intent, one, language) for one in data.items("data", "- sentences: [...]")]


def _block(intent: str, node: Node, language: str) -> Block:
    parts = node.section(f"data of the intent {intent!r}", _DATA, _DATA_OF_OTHERS)
    if "sentences" not in parts:
        raise node.place.error(f"data of the intent {intent!r} have no sentences", "expected `sentences:` here")
    slots = parts["slots"].mapping("slots") if "slots" in parts else {}
    contexts = {
        key: {name: value.plain(key) for name, (value, _) in parts[key].mapping(key).items()} if key in parts else {}
        for key in ("requires_context", "excludes_context")
    }
    return Block(
        intent,
        _sentences(parts["sentences"], "sentences"),
        tuple((name, value.value(f"the slot {name!r}")) for name, (value, _) in slots.items()),
        _lists(parts["lists"], language) if "lists" in parts else {},
        _rules(parts["expansion_rules"]) if "expansion_rules" in parts else {},
        contexts["requires_context"],
        contexts["excludes_context"],
    )


def _sentences(node: Node, what: str) -> tuple[Template, ...]:
    return tuple(_template(one, "a sentence") for one in node.items(what, "- turn on the light"))


def _template(node: Node, what: str) -> Template:
    text = node.text(what)
    if not text.strip():
        raise node.place.error(f"{what} is empty", "write it, or leave the line out")
    return Template(text, node.place)


def _rules(node: Node) -> dict[str, Template]:
    return {name: _template(rule, f"the rule {name!r}") for name, (rule, _) in node.mapping("expansion_rules").items()}


def _pronunciations(node: Node) -> dict[str, list[Template]]:
    ways: dict[str, list[Template]] = {}
    for word, (said, _) in node.mapping("pronunciations").items():
        what = f"how {word!r} sounds"
        nodes = list(said.items(what, '["kay lee"]')) if not said.is_text else [said]
        ways[word] = [_template(one, what) for one in nodes]
        if not ways[word]:
            raise said.place.error(f"nothing says {what}", 'write words that sound so together, as in ["kay lee"]')
    return ways


def _lists(node: Node, language: str) -> dict[str, AnyList]:
    return {name: _list(name, one, place, language) for name, (one, place) in node.mapping("lists").items()}


def _list(name: str, node: Node, place: Place, language: str) -> AnyList:
    what = f"the list {name!r}"
    parts = node.section(what, ("values", "range", "wildcard", "clock"), ("metadata", "description"))
    kinds = [kind for kind in ("values", "range", "clock") if kind in parts]
    if len(kinds) > 1:
        raise place.error(f"{what} has {' and '.join(kinds)}", "expected one of them")
    if "values" in parts:
        example = "[kitchen, bedroom]"
        return TextList(name, place, tuple(_list_value(one, what) for one in parts["values"].items(what, example)))
    if "range" in parts:
        return _range(name, parts["range"], place)
    if "clock" in parts:
        return clock_list(name, place, parts["clock"].section(what, CLOCK_KEYS), language)
    if "wildcard" in parts and parts["wildcard"].plain(what) is True:
        return WildcardList(name, place)
    raise place.error(f"{what} has neither values nor a range", "expected `values: [kitchen, bedroom]`")


def _list_value(node: Node, what: str) -> ListValue:
    if node.is_text:
        said = _template(node, f"a value of {what}")
        return ListValue(said, node.value(what) if said.plain else None)
    parts = node.section(f"a value of {what}", ("in", "out", "context"), ("metadata",))
    if "in" not in parts:
        raise node.place.error(
            f"a value of {what} does not say what is spoken", "expected `in: ...` and maybe `out: ...`"
        )
    out = parts["out"].value(f"`out` in {what}") if "out" in parts and not parts["out"].empty else None
    said = _template(parts["in"], f"`in` of {what}")
    context = parts["context"].plain(what) if "context" in parts else None
    return ListValue(said, out, context if isinstance(context, Mapping) else {})


def _range(name: str, node: Node, place: Place) -> RangeList:
    what = f"the range of the list {name!r}"
    parts = node.section(what, _RANGE)
    for key in ("from", "to"):
        if key not in parts:
            raise node.place.error(f"{what} has no {key!r}", "expected `from: 0` and `to: 100`")
    first, last = parts["from"].whole(f"from in {what}"), parts["to"].whole(f"to in {what}")
    step = parts["step"].whole(f"step in {what}") if "step" in parts else 1
    if first > last or step < 1:
        raise node.place.error(f"{what} goes from {first} to {last} by {step}", "expected up, by 1 or more")
    behind: tuple[float, ...] = (0.0,)
    if "fractions" in parts:
        kind = parts["fractions"].text(f"fractions of {what}")
        if kind not in _FRACTIONS:
            raise parts["fractions"].place.error(f"{kind!r} are no fractions", "expected halves or tenths")
        behind = _FRACTIONS[kind]
    count = ((last - first) // step + 1) * len(behind)
    if count > _MOST_NUMBERS:
        raise node.place.error(f"{what} holds {count} numbers", f"expected at most {_MOST_NUMBERS}")
    node.make(count)
    multiplier = parts["multiplier"].number(f"multiplier of {what}") if "multiplier" in parts else None
    numbers = tuple(whole + part if part else whole for whole in range(first, last + 1, step) for part in behind)
    unit, before = (_template(parts[key], key) if key in parts else None for key in ("unit", "before"))
    return RangeList(name, place, numbers, multiplier, unit, before)


def merge(all_of_them: Definitions, more: Definitions) -> None:
    """Add what another file defines; raises SentencesError for what both define."""
    all_of_them.blocks += more.blocks
    all_of_them.skip_words += more.skip_words
    _join("list", all_of_them.lists, more.lists)
    _join("rule", all_of_them.rules, more.rules)
    for word, ways in more.pronunciations.items():
        all_of_them.pronunciations[word] = all_of_them.pronunciations.get(word, []) + ways


def _join(kind: str, before: dict[str, Defined], new: dict[str, Defined]) -> None:
    for name, defined in new.items():
        if name in before:
            raise defined.place.error(
                f"the {kind} {name!r} is defined already, at {before[name].place}",
                "put both together, or give one another name",
            )
        before[name] = defined


def near(name: str, known: list[str]) -> str:
    """A hint at what a name was meant to be, with a space before it; empty for none."""
    found = difflib.get_close_matches(name, known, 1)
    return f" did you mean {found[0]!r}?" if found else ""
