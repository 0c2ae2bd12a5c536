"""The live page in a real Chromium: a real daemon, a real microphone, a real broker."""

import json
import os
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from edge_asr.demo.daemon import DAEMON, Daemon
from edge_asr.demo.sample import sample
from tests.asr.zipformer import zipformers
from tests.cli.bundles import copy_bundle
from tests.e2e.conftest import FIRST_PASS, House, started
from tests.http.port_house import TOKEN, free_port, is_open
from tests.waiting import wait_until

CHROMIUM = shutil.which("chromium")
PICTURES = os.environ.get("EDGE_ASR_PICTURES")  # a folder: then the pictures of the README are made anew
pytestmark = [
    pytest.mark.pulse,
    pytest.mark.broker,
    pytest.mark.bundle,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium; sudo apt install chromium"),
]


@dataclass
class Window:
    """One page that is open, and what it complained of."""

    page: Page
    complaints: list[str]

    def text(self, what: str) -> str:
        return self.page.locator(what).inner_text().strip()

    def picture(self, name: str) -> None:
        if PICTURES:
            self.page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def talking(tmp_path: Path, port: int) -> Iterator[House]:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    http = ("http.listen=lan", f"http.port={port}", f"http.token_file={token}", "device.name=Kitchen ears")
    with ExitStack() as stack:
        house = started(stack, tmp_path, *FIRST_PASS, *http)
        house.until_listening()
        wait_until(lambda: is_open(port), 20, "an open port")  # it may come a little later
        yield house


def opened(browser: Browser, port: int, **options: object) -> Window:
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "401" not in message.text:
            complaints.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"http://127.0.0.1:{port}/")
    return Window(page, complaints)


def until_connected(window: Window) -> None:
    expect(window.page.locator("#link")).to_have_text("live", timeout=10_000)


def test_text_appears_while_speaking_mute_closes_the_device_and_reload_keeps_the_state(
    talking: House, browser: Browser, port: int
) -> None:
    window = opened(browser, port, viewport={"width": 390, "height": 844}, color_scheme="dark")
    page = window.page

    expect(page.locator("#login")).to_be_visible(timeout=10_000)
    page.keyboard.type("a wrong token, long enough")
    page.keyboard.press("Enter")
    expect(page.locator("#wrong")).to_have_text("That is not the token of this device.")
    assert not page.locator("#heard").is_visible()
    page.keyboard.type(TOKEN)  # it has the focus still
    page.keyboard.press("Enter")
    until_connected(window)
    expect(page.locator("h1")).to_have_text("Kitchen ears")
    expect(page.locator("#microphone")).to_have_text(re.compile("^listening: "))
    expect(page.locator("#broker")).to_have_text("connected")

    speaking = talking.server.play(sample()[2])
    lengths: set[int] = set()

    def grows() -> bool:
        text = window.text("#now")
        lengths.add(len(text))
        return len(lengths - {0}) > 4 and len(text.split()) > 5

    wait_until(grows, 20, "text while it is being said")
    window.picture("page-dark")
    assert speaking.poll() is None, "the sentence was over before its text grew"
    assert not talking.listener.of("final")
    assert float(page.locator("#meter").get_attribute("aria-valuenow") or -60) > -50
    assert speaking.wait(60) == 0
    expect(page.locator("#finals li")).to_have_count(1, timeout=10_000)
    wait_until(talking.listener.texts, 10, "the same on the broker")
    [final] = talking.listener.texts()
    assert window.text("#finals li span") == final
    assert re.search(r"\d\.\d\d s after the last word · \d+ % sure", window.text("#finals li small"))
    expect(page.locator("#now")).to_have_text("")

    page.locator("#mute").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#mute")).to_have_attribute("aria-pressed", "true", timeout=10_000)
    expect(page.locator("#microphone")).to_have_text(re.compile("^muted"), timeout=10_000)
    expect(page.locator("#listen")).to_be_disabled()
    wait_until(lambda: talking.listener.state() == "muted", 10, "muted on the broker too")
    wait_until(lambda: not recorders(talking), 10, "a closed microphone")

    page.reload()
    until_connected(window)
    expect(page.locator("#mute")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#microphone")).to_have_text(re.compile("^muted"))
    assert window.text("#finals li span") == final
    window.picture("page-muted")

    page.locator("#mute").click()
    expect(page.locator("#microphone")).to_have_text(re.compile("^listening"), timeout=10_000)
    wait_until(lambda: recorders(talking), 10, "an open microphone")
    page.locator("#listen").click()
    expect(page.locator("#listen")).to_have_text("Listening …", timeout=10_000)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert window.complaints == []


def test_a_page_that_was_open_finds_the_daemon_again(talking: House, browser: Browser, port: int) -> None:
    window = opened(browser, port, viewport={"width": 1000, "height": 700}, color_scheme="light")
    window.page.goto(f"http://127.0.0.1:{port}/#token={TOKEN}")
    window.page.reload()
    until_connected(window)
    assert TOKEN not in window.page.url
    assert talking.server.play(sample()[4]).wait(60) == 0
    expect(window.page.locator("#finals li")).to_have_count(1, timeout=10_000)
    window.picture("page-light")
    os.kill(talking.daemon.pid, signal.SIGTERM)
    expect(window.page.locator("#link")).to_have_text("not connected", timeout=10_000)
    with Daemon(talking.daemon._command[len(DAEMON) :], talking.daemon._variables, show_log=True):
        expect(window.page.locator("#link")).to_have_text("live", timeout=30_000)
        expect(window.page.locator("#finals li")).to_have_count(0)  # what was said is in no file
        expect(window.page.locator("#microphone")).to_have_text(re.compile("^listening"), timeout=20_000)


def recorders(house: House) -> list[str]:
    outputs = house.server.pactl("list", "short", "source-outputs").splitlines()
    return [line for line in outputs if "module-remap-source" not in line]  # that is how the microphone itself is made


def test_another_model_is_chosen_and_one_that_is_spoiled_is_refused_with_a_word(
    tmp_path: Path, browser: Browser, port: int
) -> None:
    folder = tmp_path / "models"
    copy_bundle(folder)
    for name in ("mine", "spoiled"):
        shutil.copytree(zipformers.network("transducer").bundle.folder, folder / name)
    manifest = folder / "spoiled" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "name": "spoiled"}))
    with ExitStack() as stack:
        http = ("http.listen=loopback", f"http.port={port}", f"models.dir={folder}")
        house = started(stack, tmp_path, *FIRST_PASS, *http)
        wait_until(lambda: is_open(port), 30, "an open port")
        for file in (folder / "spoiled").glob("*.onnx"):
            file.write_bytes(b"no network")
        window = opened(browser, port)
        until_connected(window)
        model, said = window.page.locator("#model"), window.page.locator("#said")
        expect(model).to_have_value("en", timeout=10_000)
        assert set(model.locator("option").all_inner_texts()) == {"en", "mine", "spoiled"}
        model.select_option("spoiled")
        expect(said).to_have_text(re.compile("'spoiled' cannot be listened with, 'en' goes on"), timeout=20_000)
        expect(model).to_have_value("en")
        model.select_option("mine")
        expect(said).to_have_text("model: mine", timeout=20_000)
        expect(model).to_have_value("mine")
        wait_until(
            lambda: [each.body["text"] for each in house.listener.of("model/state")][-1:] == ["mine"], 10, "mine"
        )
        assert window.complaints == []
