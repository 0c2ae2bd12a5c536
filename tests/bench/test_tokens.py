import importlib.util
from importlib.machinery import ModuleSpec

import pytest

from edge_asr.bench.tokens import measure_of, tokenizer
from edge_asr.errors import EdgeAsrError


def test_english_is_compared_as_it_is_meant() -> None:
    tokens = tokenizer("en")
    assert tokens("Mister Thornton won't, um, pay twenty five pounds!") == tokens("mr thornton will not pay £25")


def test_chinese_is_compared_by_characters() -> None:
    assert measure_of("zh") == "CER"
    assert tokenizer("zh")("你好， 世界") == list("你好世界")


def test_other_languages_lose_case_and_punctuation() -> None:
    assert measure_of("de") == "WER"
    assert tokenizer("de")("Guten Morgen, Welt!") == ["guten", "morgen", "welt"]


def test_a_missing_extra_is_one_line_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(_name: str, _package: str | None = None) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(importlib.util, "find_spec", find)
    with pytest.raises(EdgeAsrError, match=r"whisper-normalizer; install: pip install 'edge-asr\[bench\]'") as caught:
        tokenizer("en")
    assert "\n" not in str(caught.value)
