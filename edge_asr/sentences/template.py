"""One template, read by hassil; whatever is wrong with it is told by its column."""

from hassil.expression import Expression
from hassil.parse_expression import parse_sentence

from edge_asr.sentences.definitions import Template

_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_CLOSERS = {closer: opener for opener, closer in _PAIRS.items()}
_INSIDE = {
    "(": "words or alternatives, as in (on|off)",
    "[": "words that may be left out, as in [please]",
    "{": "the name of a list, as in {room}",
    "<": "the name of a rule, as in <turn>",
}
_MOST_CHARACTERS = 10_000
_DEEPEST = 30


def expression(template: Template) -> Expression:
    """Its parts; raises SentencesError."""
    if len(template.text) > _MOST_CHARACTERS:
        raise template.place.error(
            f"a sentence of {len(template.text)} characters", f"expected at most {_MOST_CHARACTERS}, divide it"
        )
    _check_brackets(template)
    try:
        return parse_sentence(template.text).expression
    except Exception as error:  # hassil tells faults by assertions too
        raise template.place.error(
            f"{_short(template.text)} cannot be read as a sentence",
            "expected words, [optional ones], (one|another), {list} and <rule>; a bracket that is meant is written \\(",
        ) from error


def _check_brackets(template: Template) -> None:
    """Raise SentencesError unless each bracket has its other half and something inside."""
    text, place = template.text, template.place
    waiting: list[tuple[str, int]] = []
    escaped = False
    for at, letter in enumerate(text):
        if escaped or letter == "\\":
            escaped = not escaped
            continue
        name = bool(waiting) and waiting[-1][0] in "{<"
        if letter in _PAIRS and not name:
            waiting.append((letter, at))
            if len(waiting) > _DEEPEST:
                raise place.right(at).error(
                    f"brackets stand {len(waiting)} deep in each other",
                    f"expected at most {_DEEPEST}: move some into expansion_rules",
                )
        elif letter in _CLOSERS and (not name or letter == _PAIRS[waiting[-1][0]]):
            if not waiting or waiting[-1][0] != _CLOSERS[letter]:
                open_one = f", and {waiting[-1][0]!r} is still open" if waiting else ""
                raise place.right(at).error(
                    f"{letter!r} closes nothing{open_one}", f"write {_CLOSERS[letter]!r} before it, or leave it out"
                )
            opener, begin = waiting.pop()
            inside = text[begin + 1 : at]
            if not (inside.strip() if opener in "{<" else inside):  # a space may be left out as well
                raise place.right(begin).error(
                    f"nothing stands between {opener!r} and {letter!r}", f"expected {_INSIDE[opener]}"
                )
        elif name and (letter in _PAIRS or letter in _CLOSERS or letter in "|;"):
            opener, begin = waiting[-1]
            raise place.right(begin).error(
                f"{opener!r} is never closed", f"write {_PAIRS[opener]!r} behind {_INSIDE[opener]}"
            )
    if escaped:
        raise place.right(len(text) - 1).error("'\\' stands at the end", "write what it makes an ordinary character")
    if waiting:
        opener, begin = waiting[-1]
        raise place.right(begin).error(f"{opener!r} is never closed", f"write {_PAIRS[opener]!r} where it ends")


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
