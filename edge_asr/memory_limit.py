"""How much memory the control group of this process allows: a container's or a service's, of cgroup v1 or v2."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_OWN_GROUPS = Path("/proc/self/cgroup")
_TREE = Path("/sys/fs/cgroup")
_NO_LIMIT_BYTES = 1 << 60  # v1 has no word for it, but the largest number that fits
_V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "total_active_file")
_V2 = ("memory.max", "memory.current", "inactive_file", "active_file")


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """The tightest one above this process. used_bytes: without pages of files, which the kernel takes back first."""

    limit_bytes: int
    used_bytes: int


def memory_limit(own_groups: Path = _OWN_GROUPS, tree: Path = _TREE) -> MemoryLimit | None:
    """The smallest limit; None where there is none, or nothing tells. Never raises."""
    limits = (_limit(folder, names) for folder, names in _groups(own_groups, tree))
    return min((limit for limit in limits if limit is not None), key=lambda limit: limit.limit_bytes, default=None)


def _groups(own_groups: Path, tree: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Every group above this process. In a container the way there may be the host's: then its root is our own."""
    try:
        lines = own_groups.read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "memory" not in controllers.split(","):
            continue
        root, names = (tree / "memory", _V1) if controllers else (tree, _V2)
        group = root / path.lstrip("/")
        yield root, names
        while group != root and root in group.parents:
            yield group, names
            group = group.parent


def _limit(group: Path, names: tuple[str, ...]) -> MemoryLimit | None:
    limit_name, usage_name, *file_pages = names
    try:
        limit = int((group / limit_name).read_bytes())
        usage = int((group / usage_name).read_bytes())
        lines = (line.split() for line in (group / "memory.stat").read_text("ascii").splitlines())
        pages = {words[0]: int(words[1]) for words in lines if len(words) == 2}
    except (OSError, ValueError):  # ValueError: "max"
        return None
    if limit >= _NO_LIMIT_BYTES:
        return None
    return MemoryLimit(limit, max(0, usage - sum(pages.get(name, 0) for name in file_pages)))
