"""The catalogue is data that cannot lead astray."""

import re

import pytest

from edge_asr.asr.catalogue import CATALOGUE, find
from edge_asr.errors import EXIT_CONFIG, ModelError


def test_names_are_unique_and_found() -> None:
    names = [entry.name for entry in CATALOGUE]
    assert len(set(names)) == len(names)
    assert [find(name) for name in names] == list(CATALOGUE)
    assert {"en", "zh"} <= set(names)


def test_every_entry_is_pinned() -> None:
    for entry in CATALOGUE:
        assert re.fullmatch(r"[a-z0-9_-]+", entry.name)
        assert re.fullmatch(r"[0-9a-f]{64}", entry.archive_sha256)
        assert re.fullmatch(r"[0-9]+(\.[0-9]+)*", entry.package_version)
        assert not entry.folder.startswith("/")
        assert ".." not in entry.folder
        assert entry.licence
        if entry.counts is not None:
            assert re.fullmatch(r"[0-9a-f]{64}", entry.counts.archive_sha256)
            assert len(entry.counts.members) == 2  # words, and pairs of them
            assert entry.fetched_bytes > entry.archive_bytes
        if entry.family == "kaldi":
            assert entry.bundle_bytes > entry.archive_bytes // 2  # the graph is composed, and larger than its parts
        else:
            assert 1_000_000 < entry.bundle_bytes < entry.archive_bytes  # some of its files, as they are
        if entry.measured is not None:
            assert 0 < entry.measured.percent < 100
            assert entry.measured.sets
            assert entry.measured.measure == ("CER" if entry.language == "zh" else "WER")
            assert entry.measured.behind in {None, *(other.name for other in CATALOGUE if other.family == "kaldi")}
        assert all(
            not member.startswith("/") and ".." not in member
            for member in entry.members + (entry.counts.members if entry.counts else ())
        )


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ModelError, match="there is no model 'xx' to pull; known are: en, zh") as caught:
        find("xx")
    assert caught.value.exit_code == EXIT_CONFIG
