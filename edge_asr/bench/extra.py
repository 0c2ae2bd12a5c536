"""Packages that only measuring needs, and how a person gets them."""

import importlib.util

from edge_asr.errors import EdgeAsrError


def require(module: str) -> None:
    """Raise EdgeAsrError with the fix when `module` is not installed; it is looked for, not imported."""
    if importlib.util.find_spec(module) is None:
        raise EdgeAsrError(
            f"this measurement needs the package {module.replace('_', '-')}; install: pip install 'edge-asr[bench]' "
            "(in a checkout: make setup-bench)"
        )
