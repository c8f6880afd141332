"""Cores, memory, disk and CANN, from made-up files of a machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ascendtorch.edge import cgroup, host
from ascendtorch.edge.host import InstallRecord

MIB = 1 << 20
V2 = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = (
    "33 31 0:30 {root} /sys/fs/cgroup/cpu,cpuacct rw shared:14 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 {root} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
)
DISKS = "24 23 8:1 / /boot rw,relatime - ext4 /dev/sda1 rw\nnonsense\n"


@pytest.mark.parametrize(
    ("groups", "mounts", "expected"),
    [
        pytest.param("0::/\n", V2, ["/sys/fs/cgroup"], id="v2 in a container"),
        pytest.param(
            "0::/user.slice/a b.scope\n",
            DISKS + V2,
            [
                "/sys/fs/cgroup/user.slice/a b.scope",
                "/sys/fs/cgroup/user.slice",
                "/sys/fs/cgroup",
            ],
            id="v2 below slices: limits around it count too",
        ),
        pytest.param("0::/../../x\n", V2, ["/sys/fs/cgroup"], id="v2 outside of its namespace"),
        pytest.param(
            "5:memory:/docker/12ab\n4:cpu,cpuacct:/other\n",
            V1.format(root="/docker/12ab"),
            ["/sys/fs/cgroup/memory"],
            id="v1 in a container that sees the path of its host",
        ),
        pytest.param(
            "5:memory:/jobs/7\n0::/\n",
            V1.format(root="/"),
            ["/sys/fs/cgroup/memory/jobs/7", "/sys/fs/cgroup/memory/jobs", "/sys/fs/cgroup/memory"],
            id="v1 in a group",
        ),
        pytest.param(
            "5:memory:/docker/12abcd\n",
            V1.format(root="/docker/12ab"),
            ["/sys/fs/cgroup/memory"],
            id="a name that only begins like the root is not below it",
        ),
        pytest.param(
            "0::/\n",
            r"29 23 0:26 / /mnt/a\040b rw - cgroup2 cgroup2 rw",
            ["/mnt/a b"],
            id="escaped space in the mount point",
        ),
        pytest.param("", V2, [], id="no groups"),
        pytest.param("5:memory:/x\n", DISKS, [], id="nothing mounted"),
    ],
)
def test_cgroup_folders(groups: str, mounts: str, expected: list[str]) -> None:
    assert list(cgroup.cgroup_folders(groups, mounts, "memory")) == expected


def test_combined_controllers_are_told_apart() -> None:
    groups = "4:cpu,cpuacct:/a\n5:memory:/b\n"
    folders = cgroup.cgroup_folders(groups, V1.format(root="/"), "cpu")
    assert folders == ("/sys/fs/cgroup/cpu,cpuacct/a", "/sys/fs/cgroup/cpu,cpuacct")


@pytest.mark.parametrize(
    ("text", "cores"),
    [
        ("max 100000\n", None),
        ("150000 100000\n", 1.5),
        ("50000\n", 0.5),
        ("", None),
        ("0 0\n", None),
    ],
)
def test_cpu_max(text: str, cores: float | None) -> None:
    assert cgroup.parse_cpu_max(text) == cores


def test_cpu_quota_of_version_1() -> None:
    assert cgroup.parse_cpu_quota("-1\n", "100000\n") is None
    assert cgroup.parse_cpu_quota("400000\n", "100000\n") == 4


@pytest.mark.parametrize(
    ("text", "limit"),
    [("max\n", None), ("9223372036854771712\n", None), ("1073741824\n", 1 << 30), ("", None)],
)
def test_memory_limit(text: str, limit: int | None) -> None:
    assert cgroup.parse_limit(text) == limit


def test_meminfo() -> None:
    new = "MemTotal: 9000 kB\nMemFree:  100 kB\nMemAvailable:    2048 kB\nActive(anon): 5 kB\n"
    old = "MemTotal: 9000 kB\nMemFree: 100 kB\nBuffers: 20 kB\nCached: 3 kB\n"
    assert cgroup.parse_meminfo(new) == 2048 * 1024
    assert cgroup.parse_meminfo(old) == 123 * 1024
    assert cgroup.parse_meminfo("MemTotal: 9000 kB\n") is None


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_memory_is_what_the_tightest_group_leaves(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "proc/meminfo": "MemAvailable: 8388608 kB\n",
            "proc/self/cgroup": "0::/slice/job\n",
            "proc/self/mountinfo": V2,
            "sys/fs/cgroup/slice/memory.max": str(1000 * MIB),
            "sys/fs/cgroup/slice/memory.current": str(700 * MIB),
            "sys/fs/cgroup/slice/memory.stat": f"anon 1\ninactive_file {200 * MIB}\n",
            "sys/fs/cgroup/slice/job/memory.max": "max\n",
            "sys/fs/cgroup/slice/job/memory.current": str(1 * MIB),
        },
    )
    assert host.available_memory(root) == 500 * MIB


def test_memory_of_version_1_and_without_limits(tmp_path: Path) -> None:
    files = {
        "proc/meminfo": "MemAvailable: 1024 kB\n",
        "proc/self/cgroup": "5:memory:/\n",
        "proc/self/mountinfo": V1.format(root="/"),
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "5000\n",
    }
    assert host.available_memory(write(tmp_path, files)) == MIB
    # The limit was lowered below what is in use.
    files["sys/fs/cgroup/memory/memory.limit_in_bytes"] = "4000\n"
    assert host.available_memory(write(tmp_path, files)) == 0


def test_memory_is_unknown_without_proc(tmp_path: Path) -> None:
    assert host.available_memory(tmp_path) is None


def test_cores_follow_affinity_and_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert host.cores(tmp_path) == 8
    files = {
        "proc/self/cgroup": "0::/a\n",
        "proc/self/mountinfo": V2,
        "sys/fs/cgroup/a/cpu.max": "250000 100000\n",
    }
    assert host.cores(write(tmp_path, files)) == 3
    files["sys/fs/cgroup/cpu.max"] = "10000 100000\n"
    assert host.cores(write(tmp_path, files)) == 1


def test_cores_of_version_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    folder = "sys/fs/cgroup/cpu,cpuacct"
    files = {
        "proc/self/cgroup": "4:cpu,cpuacct:/\n",
        "proc/self/mountinfo": V1.format(root="/"),
        f"{folder}/cpu.cfs_quota_us": "200000\n",
        f"{folder}/cpu.cfs_period_us": "100000\n",
    }
    assert host.cores(write(tmp_path, files)) == 2


def test_free_disk_asks_the_nearest_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    real = os.statvfs

    def spy(path: Path) -> os.statvfs_result:
        asked.append(Path(path))
        return real(path)

    monkeypatch.setattr(os, "statvfs", spy)
    assert host.free_disk(tmp_path / "not" / "yet") > 0
    assert asked == [tmp_path / "not" / "yet", tmp_path / "not", tmp_path]


def test_is_writable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert host.is_writable(tmp_path / "not" / "yet")
    assert not host.is_writable(tmp_path / "file")
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_install_record() -> None:
    text = (
        "Version=6.0.1\r\nInstall_Path=/old\nInstall_Path=/usr/local/Ascend\r\n"
        "Toolkit_InstallPath=/data/my tools/ascend-toolkit\nNnae_InstallPath=relative\nnothing\n"
    )
    assert host.parse_install_record(text) == InstallRecord(
        root="/usr/local/Ascend", toolkit="/data/my tools/ascend-toolkit"
    )


def test_the_toolkit_comes_before_nnae() -> None:
    folders = host.installed_folders(InstallRecord("/r", "/t", "/n"))
    assert folders.index("/r/cann") < folders.index("/n")
    assert folders[0] == "/t"
    assert host.installed_folders(InstallRecord()) == ()
