"""Which of its memory a process holds alone, and which are pages of files, from the kernel's own sum over its map."""

from dataclasses import dataclass
from pathlib import Path

from edge_asr.errors import EdgeAsrError

_KIB_IN_MIB = 1024


@dataclass(frozen=True, slots=True)
class Resident:
    """MiB. `anon_mib` can only be swapped; `file_mib` are pages of mapped files, which the kernel takes back at will.

    `private_mib` is what nobody else holds, of both; of libraries and models another process may have the same pages.
    """

    anon_mib: float = 0.0
    file_mib: float = 0.0
    private_mib: float = 0.0

    def most(self, other: "Resident") -> "Resident":
        """The larger of each."""
        return Resident(
            max(self.anon_mib, other.anon_mib),
            max(self.file_mib, other.file_mib),
            max(self.private_mib, other.private_mib),
        )


def resident(pid: int, proc: Path = Path("/proc")) -> Resident:
    """Memory of a process now; the kernel walks all its pages, which takes it a while. Raises EdgeAsrError."""
    try:
        lines = (proc / str(pid) / "smaps_rollup").read_text().splitlines()[1:]
    except OSError as error:
        raise EdgeAsrError(f"the memory of process {pid} cannot be read ({error.strerror})") from None
    kib = {name: int(rest.split(maxsplit=1)[0]) for name, _, rest in (line.partition(":") for line in lines)}
    return Resident(
        kib["Anonymous"] / _KIB_IN_MIB,
        (kib["Rss"] - kib["Anonymous"]) / _KIB_IN_MIB,
        (kib["Private_Clean"] + kib["Private_Dirty"]) / _KIB_IN_MIB,
    )
