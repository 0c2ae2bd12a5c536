"""Letters that were said by their names, as a model writes them."""

import pytest

from edge_asr.asr.moonshine.writing import ways


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("light on", ["Light on"]),
        ("i want a light", ["I want a light"]),
        ("it's o'clock", ["It's o'clock"]),
        ("", [""]),
        ("turn off the t v", ["Turn off the t v", "Turn off the TV", "Turn off the T. V."]),
        ("p c off and t v on", ["P c off and t v on", "PC off and TV on", "P. C. off and T. V. on"]),
        ("buy a t v", ["Buy a t v", "Buy ATV", "Buy A. T. V.", "Buy a TV"]),
        ("a c on", ["A c on", "AC on", "A. C. on"]),
        ("d v d", ["D v d", "DVD", "D. V. D."]),
    ],
)
def test_letters_in_a_row_are_an_abbreviation_too(text: str, written: list[str]) -> None:
    assert ways(text) == written
