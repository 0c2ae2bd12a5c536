"""Pages lead to pages, headings and files that are there, and every page can be reached."""

import re
from pathlib import Path

import pytest

from tests.docs.page import Page, pages
from tests.small_debian import ROOT

PAGES = pages()
FOLDERS = ("deploy/", "docs/", "tests/", "systemd/", "locks/", "docker/", "models/export/", ".ci/", "edge_asr/")
FILE = re.compile(r"[\w./-]+\.(py|toml|json|ya?ml|md|html|sh|acl|txt)")
MADE = {"config.toml", "sentences.txt", "manifest.json", "docs/made-up.md"}  # files of a person, or of a bundle


def faults(page: Page) -> list[str]:
    """Links and names of files that lead nowhere."""
    found = [f"{link}: leads nowhere" for link in page.links if not _leads(page, link)]
    for span in page.spans:
        is_ours = span.startswith(FOLDERS[:-1]) or FILE.fullmatch(span)
        if is_ours and " " not in span and "*" not in span and not span.startswith("/") and not _is_there(page, span):
            found.append(f"{span}: no such file")
    return found


def _leads(page: Page, link: str) -> bool:
    if link.startswith(("http://", "https://")):
        return True
    place, _, anchor = link.partition("#")
    if not place:
        return anchor in page.anchors
    target = (page.path.parent / place).resolve()
    if not target.exists() or not target.is_relative_to(ROOT.resolve()):
        return False
    return not anchor or anchor in Page(target, target.read_text("utf8")).anchors


def _is_there(page: Page, name: str) -> bool:
    if name in MADE:
        return True
    places = (ROOT, ROOT / "edge_asr", page.path.parent)
    return any((place / name).exists() for place in places) or any(Path(link).name == name for link in page.links)


@pytest.mark.parametrize("each", PAGES, ids=lambda each: each.name)
def test_every_link_and_file_is_there(each: Page) -> None:
    assert faults(each) == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_page_can_be_reached(name: str) -> None:
    [readme] = [each for each in PAGES if each.name == name]
    reached = {(ROOT / link).resolve() for link in readme.links}
    assert {path.resolve() for path in (ROOT / "docs").glob("*.md")} <= reached


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[x](nowhere.md)", "nowhere.md: leads nowhere"),
        ("[x](http.md#nowhere)", "http.md#nowhere: leads nowhere"),
        ("[x](../../../../etc/passwd)", "leads nowhere"),
        ('<img src="page-blue.png">', "leads nowhere"),
        ("`deploy/debian/none.sh` does it", "no such file"),
        ("`audio/captures.py` does it", "no such file"),
    ],
)
def test_what_leads_nowhere_is_found_out(text: str, said: str) -> None:
    [fault] = faults(Page(ROOT / "docs" / "made-up.md", text))
    assert said in fault


def test_what_is_there_is_left_alone() -> None:
    text = "# A\n[x](http.md#recordings), [y](#a), `audio/capture.py`, `edge_asr/kitchen/mute/set`, `/etc/none.md`"
    assert faults(Page(ROOT / "docs" / "made-up.md", text)) == []
