"""Sentences of the configuration: what is heard beside them, and when their files have changed."""

import json
import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.brains import Brains
from edge_asr.clock import NS_PER_S
from edge_asr.config import CommandsConfig, Config, ModelsConfig, SecondPassConfig
from edge_asr.errors import ModelError, SentencesError
from edge_asr.hearing import Hearing
from edge_asr.house_names import HouseNames
from edge_asr.listening_for import SentencesWatch, wants_commands, wants_open_speech
from edge_asr.loading import begin_hearing, configured_values, load_both, load_brains, load_recognizer
from edge_asr.metrics import Metrics
from edge_asr.names import Name
from tests.fakes import HandClock


@pytest.mark.parametrize(
    ("commands", "sentences_heard", "rest_heard"),
    [
        (CommandsConfig(), False, True),
        (CommandsConfig(mode="commands"), False, True),  # of none: it would hear nothing at all
        (CommandsConfig("a.txt"), True, True),
        (CommandsConfig("a.txt", mode="both"), True, True),
        (CommandsConfig("a.txt", mode="commands"), True, False),
        (CommandsConfig("a.txt", mode="open"), False, True),
    ],
)
def test_what_is_heard(commands: CommandsConfig, sentences_heard: bool, rest_heard: bool) -> None:
    assert (wants_commands(commands), wants_open_speech(commands)) == (sentences_heard, rest_heard)


class Watched:
    """A folder of sentences, and how often it was said to have changed."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.times, self.folder = HandClock(), 0, folder
        self.write("a.txt", "turn it on")
        self.watch = SentencesWatch(CommandsConfig(str(folder)), self.changed, self.clock)

    def changed(self) -> None:
        self.times += 1

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        os.utime(path, ns=(self.clock.ns, self.clock.ns))

    def looks(self, seconds: float) -> int:
        for _ in range(round(seconds * 2)):
            self.clock.ns += NS_PER_S // 2
            self.watch.look()
        return self.times


def test_a_change_is_told_once_and_when_it_is_over(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    assert watched.looks(10) == 0
    watched.write("a.txt", "turn it off")
    assert watched.looks(10) == 1
    for number in range(8):  # somebody writes, and goes on writing
        watched.write("b.txt", "more " * number)
        watched.clock.ns += NS_PER_S
        watched.watch.look()
    assert watched.times == 1
    assert watched.looks(10) == 2
    (tmp_path / "b.txt").unlink()
    assert watched.looks(10) == 3


def test_files_that_are_gone_are_told_of_once(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    (tmp_path / "a.txt").unlink()
    assert watched.looks(10) == 1
    assert watched.looks(10) == 1


def test_nothing_is_looked_at_where_there_are_no_sentences(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    watched.watch = SentencesWatch(CommandsConfig(), watched.changed, watched.clock)
    watched.write("a.txt", "other words")
    assert watched.looks(10) == 0


@pytest.mark.bundle
def test_the_mode_says_what_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("turn it on\n")
    for mode, opened in (("both", True), ("commands", False), ("open", True)):
        config = Config(commands=CommandsConfig(str(tmp_path / "a.txt"), mode=mode))  # type: ignore[arg-type]
        recognizer = load_recognizer(config)
        assert isinstance(recognizer, KaldiRecognizer)
        state = recognizer.start()
        assert (state.search is not None, state.command is not None) == (opened, mode != "open")


@pytest.mark.bundle
def test_the_mode_that_is_chosen_goes_before_the_configured_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("turn it on\n")
    config = Config(commands=CommandsConfig(str(tmp_path / "a.txt"), mode="open"), second_pass=SecondPassConfig(False))
    for mode, (opened, listens) in {"both": (1, 1), "commands": (0, 1), "open": (1, 0), "": (1, 0)}.items():
        brains = load_brains(config, (), 16_000, HandClock(), Metrics(), Hearing("en", (), mode))
        state = brains.recognizer.start()
        assert (state.search is not None, state.command is not None) == (opened, listens)


@pytest.mark.bundle
def test_what_cannot_be_listened_for_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("turn on the xqzzy\n")
    with pytest.raises(SentencesError, match=r"'xqzzy' at .*a\.txt:1:1 "):
        load_recognizer(Config(commands=CommandsConfig(str(tmp_path / "a.txt"))))
    with pytest.raises(SentencesError, match="missing"):
        load_recognizer(Config(commands=CommandsConfig(str(tmp_path / "missing.txt"))))


@pytest.mark.bundle
def test_new_sentences_make_new_brains(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("turn it on\n")
    config = Config(commands=CommandsConfig(str(path), mode="commands"))
    brains = load_brains(config, (), 16_000, HandClock(), Metrics(), Hearing("en", ()))
    assert brains.second_pass is None  # commands are not rewritten
    path.write_text("turn it (on|off)[\n")
    with pytest.raises(SentencesError):
        load_brains(config, (), 16_000, HandClock(), Metrics(), Hearing("en", ()))


def test_a_model_without_pronunciations_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("turn it on\n")
    config = Config(models=ModelsConfig(bundle="none", dir=str(tmp_path)), commands=CommandsConfig(str(tmp_path)))
    with pytest.raises(ModelError, match="none"):
        load_recognizer(config)


@pytest.mark.bundle
@pytest.mark.parametrize("mode", ["open", "both"])
def test_what_was_told_takes_the_place_of_the_files_and_is_looked_at_in_every_mode(tmp_path: Path, mode: str) -> None:
    (tmp_path / "a.txt").write_text("turn it on\n")
    config = Config(commands=CommandsConfig(str(tmp_path / "a.txt")), second_pass=SecondPassConfig(False))

    def told(text: str) -> Brains:
        return load_brains(config, (), 16_000, HandClock(), Metrics(), Hearing("en", (), mode, text))

    brains = told("good night\ngood = good morning\n")
    assert brains.sentences is not None
    assert (brains.sentences.source, brains.sentences.sentences) == ("told", 2)
    brains = told('{"intents": {"Night": ["good night"]}}')
    assert (brains.sentences.source, brains.sentences.intents) == ("told", 1) if brains.sentences else False
    for text, why in (
        ("good night\n = x", r"^commands/set:2:2: no intent stands before '='"),
        ("# nothing", "^commands/set: there are no sentences"),
        ("---\nintents: {A: [x}", r"^commands/set:2:\d+: this is no YAML"),
        ("turn on the xqzzy", "'xqzzy' at commands/set:1:1 "),
        ("{nothing}", r"^commands/set:1:1: there is no list \{nothing\}"),
        ("language: zh\nintents: {A: [x]}", "^commands/set:1:11: the sentences are in the language 'zh'"),
    ):
        with pytest.raises(SentencesError, match=why):
            told(text)
    (tmp_path / "a.txt").write_text("spoiled [")
    assert told("good night").sentences is not None  # the files are not read


@pytest.mark.bundle
def test_a_fault_of_what_was_told_is_not_made_long_and_neither_is_its_making(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("turn it on\n")
    config = Config(commands=CommandsConfig(str(tmp_path / "a.txt")), second_pass=SecondPassConfig(False))
    bombs = (
        "\n".join(f"{'xq' * 400}{number}" for number in range(80)),
        "(a|the|light);(on|off);(x|y);(now|then);(here|there);(1|2);(3|4);(5|6)",
        "\n".join(f"{{percent}} {{percent}} {{percent}} {{time}} {{time}} {number}" for number in range(99)),
        "intents: {A: ['{x}']}\nlists: {x: {range: {from: 0, to: 99999}}}",
        "a: &a [x]\nb: &b [*a, *a]\nintents: *b",
        "[" * 60_000,
        "intents: " + "[" * 60_000,
        "intents: " + "{" * 60_000,
    )
    for text in bombs:
        with pytest.raises(SentencesError) as caught:
            load_brains(config, (), 16_000, HandClock(), Metrics(), Hearing("en", (), "both", text))
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) <= 1500


@pytest.mark.bundle
def test_other_sentences_share_the_network_and_what_is_not_there_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("turn it on\n")
    config = Config(commands=CommandsConfig(str(tmp_path / "a.txt")), second_pass=SecondPassConfig(False))
    now = [Hearing("en", (), "both"), load_recognizer(config)]

    def becomes(mode: str, text: str = "") -> tuple[bool, bool, bool]:
        """Whether the network is the same, open speech is heard, and sentences are."""
        hearing, before = Hearing("en", (), mode, text), now[1]
        assert isinstance(before, KaldiRecognizer)

        def present() -> tuple[Hearing, Brains]:
            assert isinstance(now[0], Hearing)
            return now[0], Brains(before, None)

        brains = load_brains(config, (), 16_000, HandClock(), Metrics(), hearing, None, present)
        assert isinstance(brains.recognizer, KaldiRecognizer)
        now[:] = [hearing, brains.recognizer]
        state = brains.recognizer.start()
        return brains.recognizer.network is before.network, state.search is not None, state.command is not None

    assert becomes("both", "good night") == (True, True, True)
    assert becomes("open") == (True, True, False)
    assert becomes("both") == (True, True, True)
    assert becomes("commands") == (True, False, True)
    assert becomes("commands", "good night") == (True, False, True)
    assert becomes("both") == (False, True, True)  # the graph of the language is not there any more
    before = now[1]
    (tmp_path / "a.txt").write_text("turn [it on\n")
    with pytest.raises(SentencesError):
        becomes("both")
    assert now[1] is before


def names_of_the_house(folder: Path, *names: str) -> HouseNames:
    house = HouseNames("house/names", folder / "names.json", HandClock(), Metrics())
    house.take(json.dumps({"name": names}).encode())
    house.look(lambda: None, lambda _: None)
    return house


def wants_names(folder: Path, text: str) -> Config:
    (folder / "a.txt").write_text(text)
    commands = CommandsConfig(str(folder / "a.txt"), names_topic="house/names")
    return Config(commands=commands, second_pass=SecondPassConfig(False))


@pytest.mark.bundle
def test_names_that_cannot_be_said_are_told_of_where_nothing_else_can_be_either(tmp_path: Path) -> None:
    config, told = wants_names(tmp_path, "turn on {name}\n"), list[str]()
    house = names_of_the_house(tmp_path, "xqzzy", "zqx\u202e")
    brains = load_both(config, "", HandClock(), Metrics(), house)
    assert brains.sentences is not None
    assert (brains.sentences.sentences, brains.sentences.left_out) == (0, 2)
    house.look(lambda: None, told.append)
    assert "they are left out: 'zqx\N{REPLACEMENT CHARACTER}', 'xqzzy'; correct the spelling" in told[0]


@pytest.mark.bundle
def test_names_that_are_too_many_cost_nobody_the_sentences_that_were_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("edge_asr.listening_for.MOST_TOLD_STEPS", 500)
    config = wants_names(tmp_path, "good night\n")
    kept = replace(configured_values(config), sentences="turn on the light\nturn on {name}\n")
    house = names_of_the_house(tmp_path, *(f"lamp {number}" for number in range(100)))
    values, brains = begin_hearing(config, kept, (), HandClock(), Metrics(), house)
    assert values == kept
    assert brains.sentences is not None
    assert (brains.sentences.source, brains.sentences.names) == ("told", 0)
    assert "beginning without the names of the house: commands/set:2:1: with this sentence the list is too big" in (
        caplog.text
    )
    house = names_of_the_house(tmp_path, "lamp")
    spoiled = replace(kept, sentences="turn on the [light")
    values, brains = begin_hearing(config, spoiled, (), HandClock(), Metrics(), house)
    assert (values.sentences, house.current.name) == ("", (Name("lamp", "lamp"),))  # it was not for them
