"""Sentences of a script without spaces, divided into the words of a lexicon."""

import pytest

from edge_asr.errors import SentencesError
from tests.sentences.accepting import SomeWords, compiled, meanings

KNOWN = SomeWords(
    "打开 关 上 关上 客厅 卧室 的 灯 灯光 光 把 调到 调 到 百分之五十 百 分 之 五 十 五十 二十 二十五 二 度 葡萄 "
    "早 上 早上 七 点 七点 半 叫 我 一 三 四 六 八 九 零"
)


@pytest.mark.parametrize(
    ("template", "said", "slots"),
    [
        ("打开{room}的灯[光]", "打开 客厅 的 灯", {"room": "客厅"}),
        ("打开{room}的灯[光]", "打开 卧室 的 灯光", {"room": "卧室"}),
        ("打开{room}的灯[光]", "打开 卧室 的 灯 光", {"room": "卧室"}),
        ("把灯(打开|关上)", "把 灯 关上", {}),
        ("把灯(打开|关上)", "把 灯 关 上", {}),
        ("调到25度", "调到 二十五 度", {}),
        ("调到50%", "调到 百分之五十", {}),
        ("调到{10..60,10:level}", "调 到 五十", {"level": 50}),
        ("{t}叫我", "早上 七点 半 叫 我", {"t": "07:30"}),
        ("打开葡萄 灯", "打开 葡萄 灯", {}),
    ],
)
def test_it_is_said_in_words_of_the_lexicon(template: str, said: str, slots: dict[str, object]) -> None:
    lists = "lists: {room: {values: [客厅, 卧室]}, t: {values: [{in: 早上七点半, out: '07:30'}]}}"
    grammar = compiled(f"intents: {{L: ['{template}']}}\n{lists}", KNOWN, "zh").grammar
    assert ("L", slots) in meanings(grammar, said)
    assert all(token.word in KNOWN for token in grammar.tokens[1:])


def test_a_character_that_no_word_has_is_told() -> None:
    with pytest.raises(SentencesError, match=r"this word sounds: '萄' at house\.yaml:1:16"):
        compiled("intents: {L: ['打开萄']}", KNOWN, "zh")


def test_a_word_does_not_reach_across_the_edge_of_a_slot() -> None:
    grammar = compiled("intents: {L: ['{what}光']}\nlists: {what: {values: [灯]}}", KNOWN, "zh").grammar
    assert meanings(grammar, "灯光") == []
    assert meanings(grammar, "灯 光") == [("L", {"what": "灯"})]
