"""Commands in README and the pages are right: they parse, targets are there, the harmless ones run as they stand."""

import shutil
import subprocess
from pathlib import Path

import pytest

from edge_asr.demo.broker import Broker
from tests.cli.command import edge_asr
from tests.docs.our_commands import edge_asr_words, faults_of_commands, targets
from tests.docs.page import Command, Page, commands_of, pages
from tests.small_debian import ROOT, make

PAGES = pages()
OTHERS = {"git", "cd", "docker", "apt", "curl", "jq", "make", "edge-asr", "openssl", "mosquitto_sub", "mosquitto_pub"}
HARMLESS = (["check-config"], ["models", "list"])
SETTING_OUT = {"check-config": "configuration is good", "models": "moonshine-tiny-en"}


def page(text: str) -> Page:
    return Page(ROOT / "docs" / "made-up.md", text)


@pytest.mark.parametrize("each", PAGES, ids=lambda each: each.name)
def test_every_command_of_ours_is_one(each: Page) -> None:
    assert faults_of_commands(each) == []


def test_there_are_commands_to_check() -> None:
    ours = [words for each in PAGES for command in each.commands() if (words := edge_asr_words(command)) is not None]
    assert len(ours) > 15
    assert ["models", "pull", "en"] in ours  # of a container
    assert ["run", "--set", "device.id=kitchen", "--set", "audio.source=jabra"] in ours


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```sh\nedge-asr run --volume 3\n```", "unrecognized arguments: --volume"),
        ("```sh\nsudo edge-asr lisen\n```", "invalid choice: 'lisen'"),
        ("```sh\nedge-asr models remove\n```", "required"),
        ("```sh\nedge-asr run --set mqtt.hots=x   # a comment\n```", "mqtt.hots: unknown key"),
        ("```sh\nEDGE_ASR__MQTT__HOTS=x edge-asr run\n```", "mqtt.hots: unknown key"),
        ("```sh\ncd x && make rum\n```", "make rum: no such target"),
        ('```sh\nmake run ARGS="--onse"\n```', "unrecognized arguments: --onse"),
        ("```sh\ndocker run -v a:/b \\\n  localhost/edge-asr:models pul en\n```", "invalid choice: 'pul'"),
        ("```sh\ndocker exec edge_asr edge-asr docter\n```", "invalid choice: 'docter'"),
        ("Say `edge-asr health [--redy]`.", "unrecognized arguments: --redy"),
        ("Say `edge-asr models list / pul`.", "invalid choice: 'pul'"),
        ("It takes `--jsonn` too.", "--jsonn: no command has it"),
        ("Say `make\ntets`.", "make tets: no such target"),
    ],
)
def test_a_page_that_says_what_is_not_so_is_found_out(text: str, said: str) -> None:
    [fault] = faults_of_commands(page(text))
    assert said in fault


def test_a_page_that_is_right_is_left_alone() -> None:
    text = "`edge-asr models pull` and `edge-asr transcribe FILE…`, `make` alone, `make deb ARCH=arm64`, `--json`."
    assert faults_of_commands(page(text)) == []


@pytest.mark.parametrize("each", PAGES, ids=lambda each: each.name)
def test_somebody_knows_every_program_that_is_named(each: Page) -> None:
    assert {command.words[0] for command in each.commands()} <= OTHERS | {"mosquitto_rr"}


def harmless() -> list[list[str]]:
    found: list[list[str]] = []
    for each in PAGES:
        spans = [command for span in each.spans if span.startswith("edge-asr ") for command in commands_of(span)]
        for command in [*each.commands(), *spans]:
            words = edge_asr_words(command) if command.words[0] == "edge-asr" else None
            if words and any(words[: len(start)] == start for start in HARMLESS) and words not in found:
                found.append(words)
    return [words for words in found if "/" not in words]


@pytest.mark.parametrize("words", harmless(), ids=" ".join)
def test_harmless_ones_run(words: list[str], tmp_path: Path) -> None:
    done = edge_asr(tmp_path, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_make_lists_what_pages_name() -> None:
    named = {
        word
        for each in PAGES
        for command in each.commands()
        if command.words[0] == "make"
        for word in command.words[1:]
    }
    assert {"run", "test", "install", "images"} <= named
    assert {line.split()[1] for line in make().splitlines()} <= targets()


def mosquitto_commands() -> list[Command]:
    return sorted(
        {command for each in PAGES for command in each.commands() if command.words[0].startswith("mosquitto_")},
        key=lambda command: command.words,
    )


@pytest.mark.broker
@pytest.mark.parametrize("command", mosquitto_commands(), ids=lambda command: command.words[0])
def test_commands_for_the_broker_are_understood_by_its_clients(command: Command, broker: Broker) -> None:
    words = ["127.0.0.1" if word == "broker.local" else word for word in command.words]
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed (sudo apt install mosquitto-clients)")
    patience = [] if words[0] == "mosquitto_pub" else ["-W", "1"]
    done = subprocess.run(
        [*words, "-p", str(broker.port), *patience], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == (27 if patience else 0), done.stderr  # 27: nobody said anything in that second
