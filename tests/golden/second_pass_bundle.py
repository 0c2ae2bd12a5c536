"""For tests of the published model of the second pass, which `make test` does not pull."""

import pytest

from edge_asr.config import Config
from edge_asr.settings import model_folder

CONFIG = Config()
BUNDLE = CONFIG.second_pass.bundle
NEEDS_SECOND_PASS = [
    pytest.mark.bundle,
    pytest.mark.skipif(
        not (model_folder(CONFIG) / BUNDLE).is_dir(),
        reason=f"the bundle {BUNDLE} is not installed (edge-asr models pull {BUNDLE})",
    ),
]
