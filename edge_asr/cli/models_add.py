"""`edge-asr models add`: a person's own streaming zipformer, from a folder or from anywhere with a pinned checksum."""

import argparse
from pathlib import Path

from edge_asr.errors import EXIT_OK

_MB = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `models add`."""
    parser.add_argument("name", metavar="NAME", help="what it is to be called here")
    parser.add_argument(
        "--from", dest="source", metavar="FOLDER_OR_URL", required=True, help="folder, tar or zip archive, or its URL"
    )
    parser.add_argument("--sha256", metavar="SUM", help="checksum of the archive; a URL is not fetched without")
    parser.add_argument("--language", metavar="CODE", required=True, help="e.g. de")
    parser.add_argument("--licence", metavar="NAME", required=True, help="e.g. Apache-2.0; the files do not say")
    parser.add_argument("--description", metavar="TEXT", help="a few words for the list")
    parser.add_argument("--version", metavar="TEXT", default="-", help="default: none")
    parser.add_argument("--float", action="store_true", help="take float32 networks where there are int8 ones too")
    parser.add_argument("--force", action="store_true", help="replace a model of that name")


def run(args: argparse.Namespace, folder: Path) -> int:
    """Add it. Raises ModelError."""
    from edge_asr_export.add import WEIGHTS, add  # noqa: PLC0415 - only this action needs it
    from edge_asr_export.progress import StepBar  # noqa: PLC0415
    from edge_asr_export.zipformer_folder import About  # noqa: PLC0415

    description = args.description or "streaming zipformer of your own"
    about = About(args.name, args.language, args.licence, description, args.version, args.source)
    progress = StepBar(args.name, WEIGHTS)
    try:
        bundle = add(about, args.sha256, folder, progress, full_precision=args.float, force=args.force)
    finally:
        progress.close()
    size = sum(file.bytes for file in bundle.manifest.files.values())
    print(
        f"{args.name}: ready, {size // _MB} MB in {bundle.folder}; to listen with it: --set models.bundle={args.name}"
    )
    return EXIT_OK
