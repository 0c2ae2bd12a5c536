"""One template, read by hassil; whatever is wrong with it is told by its column."""

from hassil.expression import Expression
from hassil.parse_expression import parse_sentence

from edge_asr.errors import SentencesError
from edge_asr.sentences.definitions import Template

_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_CLOSERS = {closer: opener for opener, closer in _PAIRS.items()}
_INSIDE = {
    "(": "words or alternatives, as in (on|off)",
    "[": "what may be left out, as in [please]",
    "{": "the name of a list, as in {room}",
    "<": "the name of a rule, as in <turn>",
}
_IN_NO_NAME = frozenset("()[]{}<>|;")
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
        elif waiting and waiting[-1][0] in "{<" and letter != _PAIRS[waiting[-1][0]]:
            if letter in _IN_NO_NAME:
                raise _never_closed(template, *waiting[-1])
        elif letter in _PAIRS:
            waiting.append((letter, at))
            if len(waiting) > _DEEPEST:
                raise place.right(at).error(
                    f"brackets stand {len(waiting)} deep in each other",
                    f"expected at most {_DEEPEST}: move some into expansion_rules",
                )
        elif letter in _CLOSERS:
            _close(template, waiting, at)
    if escaped:
        raise place.right(len(text) - 1).error(
            "a backslash stands at the end", "write the character that it is meant for"
        )
    if waiting:
        raise _never_closed(template, *waiting[-1])


def _close(template: Template, waiting: list[tuple[str, int]], at: int) -> None:
    """Take the bracket that the one at `at` closes; raises SentencesError."""
    letter = template.text[at]
    if not waiting or waiting[-1][0] != _CLOSERS[letter]:
        open_one = f", and {waiting[-1][0]!r} is still open" if waiting else ""
        raise template.place.right(at).error(
            f"{letter!r} closes nothing{open_one}", f"write {_CLOSERS[letter]!r} before it, or leave it out"
        )
    opener, begin = waiting.pop()
    inside = template.text[begin + 1 : at]
    if not (inside.strip() if opener in "{<" else inside):  # a space may be left out as well
        raise template.place.right(begin).error(
            f"nothing stands between {opener!r} and {letter!r}", f"expected {_INSIDE[opener]}"
        )


def _never_closed(template: Template, opener: str, begin: int) -> SentencesError:
    return template.place.right(begin).error(
        f"{opener!r} is never closed", f"write {_PAIRS[opener]!r} behind {_INSIDE[opener]}"
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
