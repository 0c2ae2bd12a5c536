"""Which ways of listening `edge-asr bench cost` tries."""

from edge_asr.cli.bench_cost import modes
from edge_asr.config import CommandsConfig, Config


def test_without_sentences_there_is_one_mode() -> None:
    assert modes({"int8": Config()}) == {"int8": Config()}


def test_with_sentences_each_mode_is_a_way() -> None:
    found = modes({"int8": Config(commands=CommandsConfig(sentences="a.txt"))})
    assert {name: config.commands.mode for name, config in found.items()} == {
        "int8, open": "open",
        "int8, commands": "commands",
        "int8, both": "both",
    }
    assert all(config.commands.sentences == "a.txt" for config in found.values())
