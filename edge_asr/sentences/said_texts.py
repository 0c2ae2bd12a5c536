"""All that can be said for a value of a list: where it has no `out`, what was said is what it holds."""

from hassil.expression import Alternative, Expression, ListReference, RuleReference, Sequence, TextChunk

from edge_asr.sentences.definitions import Template
from edge_asr.sentences.place import Place
from edge_asr.sentences.scope import DEEPEST, Scope

_MOST_SAID = 1000  # ways to say a value that has no `out`


def said_texts(scope: Scope, template: Template) -> list[str]:
    """All texts of a value that has no `out`; raises SentencesError when they are many, or of lists."""
    texts = [" ".join(text.split()) for text in _texts(scope, scope.parse(template), template.place, 0)]
    return list(dict.fromkeys(text for text in texts if text))


def _texts(scope: Scope, part: Expression, place: Place, depth: int) -> list[str]:
    if depth > DEEPEST:
        raise place.error("rules need themselves, or stand too deep in each other", "write them out")
    if isinstance(part, TextChunk):
        return [part.text]
    if isinstance(part, RuleReference):
        rule = scope.rule(part.rule_name, place)
        return _texts(scope, scope.parse(rule), rule.place, depth + 1)
    if isinstance(part, Alternative):
        return _few([text for item in part.items for text in _texts(scope, item, place, depth + 1)], place)
    if isinstance(part, Sequence):
        texts = [""]
        for item in part.items:
            behind = _texts(scope, item, place, depth + 1)
            texts = _few([text + more for text in texts for more in behind], place)
        return texts
    what = "a list" if isinstance(part, ListReference) else "a permutation"
    raise place.error(f"{what} stands in a value that has no `out`", "write `{in: ..., out: ...}` for it")


def _few(texts: list[str], place: Place) -> list[str]:
    if len(texts) > _MOST_SAID:
        raise place.error(f"the value can be said in more than {_MOST_SAID} ways", "give it an `out`")
    return texts
