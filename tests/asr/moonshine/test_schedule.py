"""When an utterance is decoded again, as a rule over counts of blocks of 20 ms."""

import pytest

from edge_asr.asr.moonshine.schedule import due, in_pause, stands


@pytest.mark.parametrize(
    ("now", "end", "decoded", "partial", "expected"),
    [
        (54, 54, None, True, False),  # the voice set in at block 30
        (55, 55, None, True, True),
        (79, 79, 55, True, False),
        (80, 80, 55, True, True),
        (330, 330, 270, True, True),  # later, after a fifth of what was heard
        (330, 330, 271, True, False),
        (80, 77, 55, True, True),
        (80, 76, 55, True, False),  # a breath: the pause is waited for ...
        (86, 71, 55, True, True),  # ... which comes
        (87, 71, 86, True, False),  # and nothing after it
        (115, 71, 86, True, False),
        (116, 71, 86, True, True),  # unless the utterance does not end: somebody hears a voice
        (85, 71, 80, True, False),
        (86, 71, 80, True, True),  # what was decoded so short after the voice is decoded again with the pause
        (75, 75, 55, False, False),
        (129, 129, None, False, False),  # nobody waits for partials: four times longer
        (130, 130, None, False, True),
        (86, 71, 55, False, True),
    ],
)
def test_rules(now: int, end: int, decoded: int | None, partial: bool, expected: bool) -> None:
    begin = 30
    assert due(now, (begin, end), decoded, partial=partial) is expected


@pytest.mark.parametrize(
    ("now", "decoded", "expected"), [(115, None, False), (115, 114, False), (135, 115, True), (136, 115, False)]
)
def test_a_decoding_that_has_heard_the_pause_stands_for_a_little_more(
    now: int, decoded: int | None, expected: bool
) -> None:
    assert stands(now, 100, decoded) is expected
    assert in_pause(100, decoded) is (decoded == 115)


@pytest.mark.parametrize("seconds", [5, 20, 63])
def test_all_decodings_together_hear_a_bounded_multiple_of_the_utterance(seconds: int) -> None:
    decoded, heard = None, 0
    for now in range(1, 50 * seconds + 1):
        if due(now, (0, now), decoded, partial=True):
            decoded, heard = now, heard + now
    assert 2 < heard / (50 * seconds) <= 6.5
