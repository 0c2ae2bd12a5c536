"""Zipformers to compare runtimes with, made on the spot: nobody trained them, and they say many different things.

What a network costs depends on its sizes alone, and where the tokens are equal they are so for any weights.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.manifest import ZipformerManifest
from edge_asr.errors import ModelError

_TOKENS = 500
_KINDS = ("transducer", "ctc")


@contextmanager
def made_zipformers(*, small: bool) -> Iterator[dict[str, Bundle[ZipformerManifest]]]:
    """Bundles by name: both kinds, in float and int8, removed at the end. Raises ModelError.

    small: of 0.3 million weights, where the search is what costs; else of 20 million, as people run them.
    """
    try:
        from edge_asr_export.zipformer import write  # noqa: PLC0415 - only this measurement needs the extra
        from edge_asr_export.zipformer.plan import Plan  # noqa: PLC0415
        from edge_asr_export.zipformer_folder import About, build_bundle, choose_files  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ModelError(f"the package {error.name} is missing; pip install 'edge-asr[export]'") from None
    plan = Plan() if small else Plan.usual_small()
    tokens = write.made_up_pieces(_TOKENS)
    made = {}
    with tempfile.TemporaryDirectory(prefix="edge-asr-zipformers-") as name:
        for kind in _KINDS:
            for quantized in (False, True):
                title = f"{kind}-{'int8' if quantized else 'float'}"
                bundle = Path(name) / title
                writer = write.write_transducer if kind == "transducer" else write.write_ctc
                with tempfile.TemporaryDirectory(dir=name) as folder:
                    written = Path(folder)
                    writer(written, plan, tokens, quantized=quantized)
                    files = choose_files([path.name for path in written.iterdir()], full_precision=False)
                    bundle.mkdir()
                    about = About(title, "en", "MIT", "made to be compared", "1", "edge-asr bench parity")
                    made[title] = build_bundle({role: written / file for role, file in files.items()}, bundle, about)
        yield made
