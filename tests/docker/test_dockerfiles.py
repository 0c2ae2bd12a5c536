"""The two Dockerfiles: one and the same but for what has to differ, and nothing of the builder's machine in them."""

import re

from tests.small_debian import ROOT

TEXTS = {name: (ROOT / "docker" / name / "Dockerfile").read_text() for name in ("amd64", "arm64")}


def test_the_two_differ_in_their_headline_and_in_the_architecture_of_the_packages_alone() -> None:
    pairs = list(zip(*(text.splitlines() for text in TEXTS.values()), strict=True))
    different = [pair for pair in pairs if pair[0] != pair[1]]
    assert different == [pairs[1], ("ARG ARCHITECTURE=x86_64", "ARG ARCHITECTURE=aarch64")]


def test_nothing_is_fetched_but_from_debian_and_by_the_lock_files() -> None:
    for text in TEXTS.values():
        assert "://" not in text
        installs = re.findall(r"pip install.*?(?= \\\n && |\n[A-Z])", text, re.DOTALL)
        assert len(installs) == 2
        for install in installs:
            assert "--require-hashes" in install
            assert "--only-binary :all:" in install
            assert re.search(r"-r /locks/(daemon|run)\.txt", install)


def test_the_last_layer_is_the_program_and_the_user_is_not_root() -> None:
    for text in TEXTS.values():
        last = text.split("\nFROM ")[-1]
        assert last.split("\n")[1:] == ["COPY --from=program /program/ /", ""]
        runtime = text[text.index("AS runtime") :]
        assert "\nUSER 999\n" in runtime
        assert "HEALTHCHECK" in runtime
        assert '["edge-asr", "health"]' in runtime


def test_only_what_an_image_is_made_of_is_sent_to_its_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    kept = {line[1:] for line in ignored if line.startswith("!")}
    for text in TEXTS.values():
        copied = set(re.findall(r"^COPY (?:--chmod=\S+ )?([^-\s]\S*) ", text, re.MULTILINE))
        assert copied == kept
    assert all((ROOT / path).exists() for path in kept)
