"""What the tests of the command line share."""

import pytest

from tests.cli.bundles import real_bundle


@pytest.fixture(autouse=True)
def bundle_is_there(request: pytest.FixtureRequest) -> None:
    """Say what is missing before a test fails for want of it."""
    if request.node.get_closest_marker("bundle"):
        real_bundle()
