"""The Chinese README says what the English one does: same sections, commands, names, figures and links."""

import re
from collections import Counter

import pytest

from tests.docs.page import Page, commands_of, pages
from tests.small_debian import ROOT

FIGURE = re.compile(r"(?<![\w.])\d+(?:\.\d+)*")
[ENGLISH] = [page for page in pages() if page.name == "README.md"]
[CHINESE] = [page for page in pages() if page.name == "README.zh-CN.md"]


def differences(one: Page, other: Page) -> list[str]:
    """What only one of them has; empty when they say the same, as far as a program can tell."""
    found = []
    for name, seen, translated in (
        ("code", _code(one), _code(other)),
        ("in code", Counter(one.spans), Counter(other.spans)),
        ("figures", Counter(FIGURE.findall(one.prose)), Counter(FIGURE.findall(other.prose))),
        ("links", Counter(_foreign(one)), Counter(_foreign(other))),
        ("headings", Counter(re.findall(r"^#+", one.prose, re.M)), Counter(re.findall(r"^#+", other.prose, re.M))),
        ("table rows", Counter(_rows(one)), Counter(_rows(other))),
    ):
        found += [f"{name}: {each} is missing" for each in (seen - translated)]
        found += [f"{name}: {each} is added" for each in (translated - seen)]
    return found


def _code(page: Page) -> Counter[str]:
    """Commands without their comments, which are translated; other blocks as they are."""
    shell = [str(list(commands_of(code))) for language, code in page.blocks if language == "sh"]
    return Counter([*shell, *(code for language, code in page.blocks if language != "sh")])


def _foreign(page: Page) -> list[str]:
    return [link for link in page.links if not link.startswith("README")]


def _rows(page: Page) -> list[str]:
    return [f"{line.count('|')} bars" for line in page.prose.splitlines() if line.startswith("|")]


def test_it_says_the_same() -> None:
    assert differences(ENGLISH, CHINESE) == []


def test_they_lead_to_each_other() -> None:
    assert "README.zh-CN.md" in ENGLISH.links
    assert "README.md" in CHINESE.links


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("make test ", "make tests "),
        ("`make chaos`", "`make chaotic`"),
        ("88 MB", "58 MB"),
        ("docs/service.md", "docs/http.md"),
        ("## 许可证", "许可证"),
        ("| `edge-asr devices` | 麦克风 |\n", ""),
        ("0.61 s  had he", "0.62 s  had he"),
    ],
)
def test_what_was_changed_in_one_alone_is_found_out(old: str, new: str) -> None:
    assert old in CHINESE.text
    assert differences(ENGLISH, Page(ROOT / "README.zh-CN.md", CHINESE.text.replace(old, new, 1))) != []
