from pathlib import Path

import pytest

from edge_asr.audio import alsa


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    for index, card, usb in ((0, "vc4hdmi", ""), (1, "Device", "0d8c:0014"), (10, "seeed2micvoicec", "")):
        folder = tmp_path / f"card{index}"
        folder.mkdir()
        (folder / "id").write_text(card + "\n")
        if usb:
            (folder / "usbid").write_text(usb + "\n")
    (tmp_path / "cards").write_text("")
    return tmp_path


def test_a_card_has_an_id_that_its_index_leads_to(cards: Path) -> None:
    assert alsa.card_id("1", cards) == "Device"
    assert alsa.usb_id("1", cards) == "0d8c:0014"
    assert alsa.usb_id("0", cards) == ""
    assert alsa.card_ids(cards) == ["vc4hdmi", "Device", "seeed2micvoicec"]


@pytest.mark.parametrize("index", ["", "7", "x", "../card1"])
def test_a_card_that_is_not_there_has_no_id(cards: Path, index: str) -> None:
    assert alsa.card_id(index, cards) == ""


def test_a_machine_without_kernel_sound_has_no_cards(tmp_path: Path) -> None:
    assert alsa.card_ids(tmp_path / "asound") == []
