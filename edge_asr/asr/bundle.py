"""A bundle: the folder of a model's files and its manifest, found and checked before anything is loaded from it."""

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from edge_asr.asr.catalogue import CATALOGUE
from edge_asr.asr.manifest import AnyManifest, Manifest
from edge_asr.container import container_engine, pull_command
from edge_asr.errors import ModelError

MANIFEST_FILE = "manifest.json"

M_co = TypeVar("M_co", bound=Manifest, covariant=True)
Wanted = TypeVar("Wanted", bound=Manifest)


@dataclass(frozen=True)
class Bundle(Generic[M_co]):
    """A folder whose manifest was read and whose files are there."""

    folder: Path
    manifest: M_co

    def path(self, role: str) -> Path:
        """File of a role; KeyError when it is none of the manifest's ROLES."""
        return self.folder / self.manifest.files[role].path

    @property
    def fix(self) -> str:
        """What to do when a file of it is at fault."""
        return _fix(self.manifest.name, again=True)


def of_family(bundle: Bundle[Manifest], family: type[Wanted]) -> Bundle[Wanted]:
    """The same bundle, known to be of that family; raises ModelError."""
    manifest = bundle.manifest
    if not isinstance(manifest, family):
        found, wanted = (kind.__struct_config__.tag for kind in (type(manifest), family))
        raise ModelError(f"the model {manifest.name!r} is of the kind {found!r}; expected one of the kind {wanted!r}")
    return Bundle(bundle.folder, manifest)


def load_bundle(models_dir: Path, name: str) -> Bundle[AnyManifest]:
    """Bundle `name`; cheap: existence and sizes, no checksums. Raises ModelError with the value and the fix."""
    folder = models_dir / name
    try:
        there = folder.is_dir()
    except OSError as error:
        raise ModelError(f"{folder} cannot be read: {error.strerror}; make it readable for this user") from error
    if not there:
        raise ModelError(f"there is no model {name!r} in {models_dir}; {_fix(name)}")
    bundle = Bundle(folder, _read_manifest(folder / MANIFEST_FILE, name))
    for entry in bundle.manifest.files.values():
        path = folder / entry.path
        try:
            found = path.stat().st_size if path.is_file() else None
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}") from error
        if found is None:
            raise ModelError(f"{path} is missing; {_fix(name, again=True)}")
        if found != entry.bytes:
            raise ModelError(f"{path} has {found} bytes, the manifest says {entry.bytes}; {_fix(name, again=True)}")
    return bundle


def verify_bundle(bundle: Bundle[Manifest]) -> None:
    """Compare every file's SHA-256 with the manifest; reads all of it (seconds). Raises ModelError with both sums."""
    for entry in bundle.manifest.files.values():
        path = bundle.folder / entry.path
        try:
            found = sha256_of(path)
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}; {bundle.fix}") from error
        if found != entry.sha256:
            raise ModelError(f"{path} is corrupt: sha256 {found}, the manifest says {entry.sha256}; {bundle.fix}")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in lower-case hex; OSError when it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_manifest(path: Path, name: str) -> AnyManifest:
    try:
        manifest: AnyManifest = msgspec.json.decode(path.read_bytes(), type=AnyManifest)
    except FileNotFoundError as error:
        raise ModelError(f"{path} is missing; {_fix(name, again=True)}") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{path} is not a manifest that this version knows: {error}; {_fix(name, again=True)}"
        ) from error
    if manifest.name != name:
        raise ModelError(f"{path} names the model {manifest.name!r}, its folder {name!r}; rename one of them")
    if not set(manifest.ROLES) <= set(manifest.files) <= {*manifest.ROLES, *manifest.MAY_LACK}:
        found, wanted = sorted(manifest.files), sorted(manifest.ROLES)
        raise ModelError(f"{path} lists the files {found}, expected {wanted}; {_fix(name, again=True)}")
    return manifest


def _fix(name: str, *, again: bool = False) -> str:
    force = " --force" if again else ""
    if any(entry.name == name for entry in CATALOGUE):
        engine = container_engine()
        if engine is not None and find_spec("onnx") is None:  # an image of the daemon alone
            return f"put it into the volume, from outside: {pull_command(name, engine)}{force}"
        return f"run: edge-asr models pull {name}{force}"
    return f"run: edge-asr models add {name} --from FOLDER_OR_URL{force}"
