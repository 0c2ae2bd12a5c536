"""`edge-asr models`: what can be pulled, what is here, and whether it is whole."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from edge_asr.asr.bundle import MANIFEST_FILE, Bundle, load_bundle, verify_bundle
from edge_asr.asr.catalogue import CATALOGUE, CatalogueEntry, Measured, find
from edge_asr.asr.manifest import KaldiManifest, Manifest, MoonshineManifest, SileroManifest
from edge_asr.cli import models_add
from edge_asr.cli.options import add_config_options, load_config
from edge_asr.container import container_engine, pull_command
from edge_asr.errors import EXIT_CONFIG, EXIT_OK, ModelError
from edge_asr.secret_file import expand
from edge_asr.settings import model_folder

_MB = 1_000_000
_HEADINGS = ("NAME", "LANGUAGE", "VERSION", "LICENCE", "SIZE", "ERRORS", "CPU", "STATE", "SETTING", "DESCRIPTION")
_EXPLAINED = (
    "ERRORS and CPU (seconds for each second of audio) as measured on an x86-64 core, int8 / float; of a second pass\n"
    "together with the first. What they were measured on: models list --json; on this machine: edge-asr bench accuracy"
)
_FAMILIES: dict[str, type[Manifest]] = {
    "kaldi": KaldiManifest,
    "moonshine": MoonshineManifest,
    "silero": SileroManifest,
}


@dataclass(frozen=True)
class Row:
    """One model, of the catalogue or found in the folder."""

    name: str
    language: str
    version: str
    licence: str
    bytes: int
    state: Literal["installed", "available", "broken"]
    setting: str  # those whose value it may be
    description: str
    fault: str | None
    measured: Measured | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Subcommands of `models`."""
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = commands.add_parser("list", help="the catalogue and what is installed")
    listing.add_argument("--json", action="store_true", help="one JSON array")
    pulling = commands.add_parser("pull", help="fetch published weights and build a bundle of them")
    pulling.add_argument("names", nargs="*", metavar="NAME", help="as in the list, e.g. en (default: models.bundle)")
    pulling.add_argument("--force", action="store_true", help="build again although it is here")
    adding = commands.add_parser("add", help="a streaming zipformer of your own, in sherpa-onnx's layout")
    models_add.add_arguments(adding)
    verifying = commands.add_parser("verify", help="compare every file with its checksum")
    verifying.add_argument("names", nargs="*", metavar="NAME", help="default: all that are installed")
    removing = commands.add_parser("remove", help="delete a bundle")
    removing.add_argument("names", nargs=1, metavar="NAME")
    for command in (listing, pulling, adding, verifying, removing):
        command.add_argument("--models-dir", metavar="DIR", help="folder of the bundles (default: the configuration's)")
        add_config_options(command)


def run(args: argparse.Namespace) -> int:
    """Do one action. Raises ModelError and FetchError; `verify` tries all, and returns 78 for a corrupt one."""
    folder = expand(args.models_dir, "--models-dir") if args.models_dir else model_folder(load_config(args))
    if args.action == "list":
        return _list(folder, as_json=args.json)
    if args.action == "pull":
        return _pull(args.names or [load_config(args).models.bundle], folder, force=args.force)
    if args.action == "add":
        return models_add.run(args, folder)
    if args.action == "verify":
        return _verify(args.names, folder)
    return _remove(args.names[0], folder)


def _list(folder: Path, *, as_json: bool) -> int:
    rows = _rows(folder)
    if as_json:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2))
        return EXIT_OK
    table = [_HEADINGS]
    table += [
        (
            *(row.name, row.language, row.version, row.licence, f"{row.bytes // _MB} MB"),
            *(_errors(row.measured), _cpu(row.measured), row.state, row.setting, row.description),
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in table) for column in range(len(_HEADINGS))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    print(f"\n{_EXPLAINED}\nModels folder: {folder}")
    for row in rows:
        if row.fault:
            print(f"{row.name}: {row.fault}")
    return EXIT_OK


def _rows(folder: Path) -> list[Row]:
    """The catalogue first, then bundles that came from elsewhere."""
    known = {entry.name: entry for entry in CATALOGUE}
    here = _installed(folder)
    return [_row(name, known.get(name), folder, here=name in here) for name in (*known, *sorted(here - set(known)))]


def _row(name: str, entry: CatalogueEntry | None, folder: Path, *, here: bool) -> Row:
    fault = None
    if here:
        try:
            manifest = load_bundle(folder, name).manifest
        except ModelError as error:
            fault = str(error)
        else:
            size = sum(file.bytes for file in manifest.files.values())
            head = (manifest.name, manifest.language, manifest.version, manifest.licence)
            measured = entry.measured if entry is not None and entry.version == manifest.version else None
            return Row(*head, size, "installed", manifest.USE, manifest.description, None, measured)
    state: Literal["available", "broken"] = "broken" if here else "available"
    if entry is None:
        return Row(name, "?", "?", "?", 0, state, "?", "not of the catalogue", fault)
    head = (entry.name, entry.language, entry.version, entry.licence)
    use = _FAMILIES[entry.family].USE
    return Row(*head, entry.bundle_bytes, state, use, entry.description, fault, entry.measured)


def _errors(measured: Measured | None) -> str:
    """`WER 20.7 %`, and what the float network makes where that is known."""
    if measured is None:
        return "-"
    return f"{measured.measure} {_both(measured.percent, measured.float_percent, '.1f')} %"


def _cpu(measured: Measured | None) -> str:
    if measured is None or measured.cpu_share is None:
        return "-"
    return _both(measured.cpu_share, measured.float_cpu_share, ".3f")


def _both(int8: float, exact: float | None, layout: str) -> str:
    return f"{int8:{layout}}" if exact is None else f"{int8:{layout}} / {exact:{layout}}"


def _pull(names: Sequence[str], folder: Path, *, force: bool) -> int:
    for entry in [find(name) for name in names]:  # every name is checked before any work
        if not force and (bundle := _good(entry.name, folder)):
            older = (
                "" if bundle.manifest.source == entry.source else ", made of something else than what is published now"
            )
            print(f"{entry.name}: already here, {_size(bundle)} in {bundle.folder}{older} (build again: --force)")
            continue
        bundle = _build(entry, folder)
        print(f"{entry.name}: ready, {_size(bundle)} in {bundle.folder}")
    return EXIT_OK


def _good(name: str, folder: Path) -> Bundle[Manifest] | None:
    """Bundle that is there and passes the cheap checks."""
    if name not in _installed(folder):
        return None
    try:
        bundle = load_bundle(folder, name)
    except ModelError as error:
        print(f"edge-asr: {error}; building it again", file=sys.stderr)
        return None
    if lacking := sorted({*bundle.manifest.MAY_LACK} - {*bundle.manifest.files}):
        print(f"edge-asr: {name} was built without {', '.join(lacking)}; building it again", file=sys.stderr)
        return None
    return bundle


def _build(entry: CatalogueEntry, folder: Path) -> Bundle[Manifest]:
    try:
        from edge_asr_export.builder import builder_of  # noqa: PLC0415 - only this action needs the extra
        from edge_asr_export.progress import StepBar  # noqa: PLC0415
        from edge_asr_export.pull import pull, weights  # noqa: PLC0415

        builder = builder_of(entry)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in {"edge_asr_export", "onnx"}:
            raise
        engine = container_engine()
        fix = "pip install 'edge-asr[export]'" if engine is None else pull_command(entry.name, engine)
        raise ModelError(f"building a model needs the package {error.name}; run: {fix}") from error
    progress = StepBar(entry.name, weights(entry, builder))
    try:
        return pull(entry, folder, progress, builder)
    finally:
        progress.close()


def _verify(names: Sequence[str], folder: Path) -> int:
    chosen = list(names) or sorted(_installed(folder))
    if not chosen:
        raise ModelError(f"there are no models in {folder}; run: edge-asr models pull {CATALOGUE[0].name}")
    for name in chosen:
        _check_known(name, folder)
    corrupt = False
    for name in chosen:
        try:
            bundle = load_bundle(folder, name)
            verify_bundle(bundle)
        except ModelError as error:
            print(f"edge-asr: {error}", file=sys.stderr)
            corrupt = True
        else:
            print(f"{name}: every file is as the manifest says, {_size(bundle)}")
    return EXIT_CONFIG if corrupt else EXIT_OK


def _remove(name: str, folder: Path) -> int:
    from edge_asr_export.install import clear_cache, locked, remove  # noqa: PLC0415 - only this action needs it

    _check_known(name, folder)
    if name not in _installed(folder):
        raise ModelError(f"{name} is not installed in {folder}; {_here(folder)}")
    with locked(folder):
        remove(folder, name)
        if not _installed(folder):
            clear_cache(folder)
    print(f"{name}: removed from {folder}")
    return EXIT_OK


def _check_known(name: str, folder: Path) -> None:
    """Refuse a name that is neither installed nor in the catalogue, listing both."""
    known = {entry.name for entry in CATALOGUE}
    if name not in known | _installed(folder):
        raise ModelError(f"there is no model {name!r}; {_here(folder)}; known are: {', '.join(sorted(known))}")


def _here(folder: Path) -> str:
    here = sorted(_installed(folder))
    return f"installed are: {', '.join(here)}" if here else "none is installed"


def _installed(folder: Path) -> set[str]:
    """Names of the bundles in the folder, whole or not; a folder that is no bundle's is left alone."""
    known = {entry.name for entry in CATALOGUE}
    try:
        return {
            path.name
            for path in folder.iterdir()
            if not path.name.startswith(".")
            and path.is_dir()
            and (path.name in known or (path / MANIFEST_FILE).exists())
        }
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise ModelError(f"{folder} cannot be read: {error.strerror}; choose another --models-dir") from error


def _size(bundle: Bundle[Manifest]) -> str:
    return f"{sum(file.bytes for file in bundle.manifest.files.values()) // _MB} MB"
