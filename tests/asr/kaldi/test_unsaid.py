"""Whether anybody said it: what speaks for a sentence beside what could."""

import pytest

from edge_asr.asr.judge import NEVER, Weighed
from edge_asr.asr.kaldi.unsaid import unsaid

FITS, HARDLY, WELL = 0.0, 0.1, -0.2  # excess


@pytest.mark.parametrize(
    ("excess", "log_share", "unheard", "expected"),
    [
        (FITS, -27.5, -42.0, False),  # a long one in noise: evidence 14.5
        (FITS, -29.0, -42.0, True),
        (HARDLY, -24.0, -42.0, True),
        (HARDLY, -22.0, -42.0, False),
        (FITS, -0.6, -6.5, False),  # a short one has no more to give
        (FITS, -4.0, -6.5, True),
        (HARDLY, -3.0, -6.5, True),
        (HARDLY, -2.0, -6.5, False),
        (WELL, -32.5, -42.0, False),
        (WELL, -33.5, -42.0, True),
        (WELL, -3.6, -6.5, False),
        (WELL, -4.0, -6.5, True),
        (FITS, -8.0, -6.5, True),  # the sound speaks against it
    ],
)
def test_it_was_said_where_enough_speaks_for_it(
    excess: float, log_share: float, unheard: float, *, expected: bool
) -> None:
    assert unsaid(excess, Weighed(log_share, unheard)) == expected


def test_what_the_judge_cannot_write_has_no_evidence() -> None:
    assert unsaid(FITS, NEVER)
