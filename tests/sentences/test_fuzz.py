"""Broken files of every kind: a value or one clear error, never a traceback, and never without end."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_asr.errors import SentencesError
from tests.sentences.accepting import SomeWords, compiled

KNOWN = SomeWords("turn on the light s one two three percent room a")
snippets = st.sampled_from(
    [*"()[]{}<>|;\\: @%°-'.=#\n", "turn", "on", "{room}", "<rule>", "{1..3:n}", "{9..1:n}", "2", "-1.5", "房间", "50%"]
)
texts = st.lists(snippets, max_size=25).map("".join)
KEYS = (
    *("intents", "L", "data", "sentences", "lists", "room", "values", "in", "out", "range", "from", "to", "slots"),
    *("expansion_rules", "rule", "pronunciations", "skip_words", "context", "requires_context", "step", "clock"),
    *("fractions", "multiplier", "unit", "wildcard", "language"),
)
anything: st.SearchStrategy[Any] = st.recursive(
    st.one_of(texts, st.none(), st.booleans(), st.integers(-5, 300), st.floats(), st.text(max_size=5)),
    lambda inside: st.one_of(
        st.lists(inside, max_size=3),
        st.dictionaries(
            st.sampled_from(KEYS),
            inside,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


BEGINNINGS = ("house.yaml", "en.yaml", "nobody knows how", "none of the sentences", "nobody here knows")


def _fault(text: str) -> str | None:
    """What is said of it, if anything."""
    try:
        compiled(text, KNOWN)
    except SentencesError as error:
        return str(error)
    return None


def _is_clear(text: str) -> None:
    fault = _fault(text)
    assert fault is None or ("\n" not in fault and fault.startswith(BEGINNINGS)), fault


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(texts, min_size=1, max_size=3), texts, texts)
def test_templates(sentences: list[str], value: str, rule: str) -> None:
    lists = {"room": {"values": [value, {"in": value, "out": 1}]}}
    _is_clear(json.dumps({"intents": {"L": sentences}, "lists": lists, "expansion_rules": {"rule": rule}}))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(anything, anything, anything, anything)
def test_structures(intents: Any, lists: Any, rules: Any, more: Any) -> None:
    whole = {"intents": {"L": intents}, "lists": {"room": lists}, "expansion_rules": rules, "pronunciations": more}
    _is_clear(json.dumps(whole))
    _is_clear(json.dumps({"intents": {"L": {"data": [intents, {"sentences": ["turn {room}"], "lists": lists}]}}}))
    _is_clear(json.dumps(more))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60), texts)
def test_files(text: str, more: str) -> None:
    _is_clear(text)
    _is_clear(more)
    _is_clear(f"intents:\n  L:\n    - {text}\n")
