"""The smallest limit above this process is found, in both versions of control groups, from files as kernels write."""

from pathlib import Path

from edge_asr.memory_limit import MemoryLimit, memory_limit

MIB = 1 << 20
NONE_V1 = 9223372036854771712


def v2(group: Path, limit: str, used: int = 0, files: int = 0) -> None:
    group.mkdir(parents=True, exist_ok=True)
    (group / "memory.max").write_text(f"{limit}\n")
    (group / "memory.current").write_text(f"{used}\n")
    (group / "memory.stat").write_text(f"anon 5\nfile {files}\ninactive_file {files // 2}\nactive_file {files // 2}\n")


def v1(group: Path, limit: int, used: int = 0, files: int = 0) -> None:
    group.mkdir(parents=True, exist_ok=True)
    (group / "memory.limit_in_bytes").write_text(f"{limit}\n")
    (group / "memory.usage_in_bytes").write_text(f"{used}\n")
    (group / "memory.stat").write_text(f"cache 1\ntotal_inactive_file {files}\ntotal_active_file 0\n")


def own(folder: Path, *lines: str) -> Path:
    file = folder / "cgroup"
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


def test_a_container_sees_its_own_group_as_the_root(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    v2(tree, str(512 * MIB), 300 * MIB, 220 * MIB)
    assert memory_limit(own(tmp_path, "0::/"), tree) == MemoryLimit(512 * MIB, 80 * MIB)


def test_a_slice_above_a_service_may_be_tighter(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    v2(tree / "system.slice" / "edge-asr.service", "max", 5)
    v2(tree / "system.slice", str(400 * MIB), 100 * MIB)
    groups = own(tmp_path, "0::/system.slice/edge-asr.service")
    assert memory_limit(groups, tree) == MemoryLimit(400 * MIB, 100 * MIB)
    v2(tree / "system.slice" / "edge-asr.service", str(200 * MIB), 5)
    assert memory_limit(groups, tree) == MemoryLimit(200 * MIB, 5)


def test_the_first_version_with_the_path_of_the_host(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    v1(tree / "memory", 150 * MIB, 90 * MIB, 20 * MIB)
    groups = own(tmp_path, "5:cpu:/x", "4:memory:/docker/0123abcd", "0::/docker/0123abcd")
    assert memory_limit(groups, tree) == MemoryLimit(150 * MIB, 70 * MIB)
    v1(tree / "memory", NONE_V1)
    assert memory_limit(groups, tree) is None
    v1(tree / "memory" / "docker" / "0123abcd", 100 * MIB)
    assert memory_limit(groups, tree) == MemoryLimit(100 * MIB, 0)


def test_where_nothing_tells_there_is_no_limit(tmp_path: Path) -> None:
    assert memory_limit(tmp_path / "none", tmp_path) is None
    assert memory_limit(own(tmp_path, "", "nonsense", "0::/gone", "4:memory:/../../etc"), tmp_path / "tree") is None
