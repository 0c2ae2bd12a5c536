"""Whether somebody sits in front of this process."""

import os


def has_terminal() -> bool:
    """Whether a terminal controls it: one that is closed is to end it; a service has none."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
