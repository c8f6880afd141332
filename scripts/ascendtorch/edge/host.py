"""What the machine offers: processor cores, memory, disk, and where CANN is installed.

The limits of a container count. Functions that take `root` read files below it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge.cgroup import (
    cgroup_folders,
    parse_counters,
    parse_cpu_max,
    parse_cpu_quota,
    parse_limit,
    parse_meminfo,
)
from ascendtorch.errors import HostError

_ROOT = Path("/")


def cores(root: Path = _ROOT) -> int:
    """Return how many cores this process may use, by affinity and by quota; at least 1."""
    allowed = len(os.sched_getaffinity(0))
    quotas = [_cpu_quota(folder) for folder in _folders(root, "cpu")]
    return max(1, min([allowed, *(math.ceil(quota) for quota in quotas if quota is not None)]))


def _cpu_quota(folder: Path) -> float | None:
    text = _read(folder / "cpu.max")
    if text is not None:
        return parse_cpu_max(text)
    return parse_cpu_quota(
        _read(folder / "cpu.cfs_quota_us") or "", _read(folder / "cpu.cfs_period_us") or ""
    )


def available_memory(root: Path = _ROOT) -> int | None:
    """Return the bytes that new processes could use without swapping; None if nobody says."""
    rooms = [_room(folder) for folder in _folders(root, "memory")]
    known = [parse_meminfo(_read(root / "proc/meminfo") or ""), *rooms]
    return min((room for room in known if room is not None), default=None)


def _room(folder: Path) -> int | None:
    """Return how much a group has left: its limit less what it uses, caches not counted."""
    counters = parse_counters(_read(folder / "memory.stat") or "")
    for limit, usage, cache in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        allowed = parse_limit(_read(folder / limit) or "")
        used = parse_limit(_read(folder / usage) or "")
        if allowed is not None and used is not None:
            return max(0, allowed - max(0, used - counters.get(cache, 0)))
    return None


def _folders(root: Path, controller: str) -> list[Path]:
    groups = _read(root / "proc/self/cgroup") or ""
    mounts = _read(root / "proc/self/mountinfo") or ""
    return [root / folder.lstrip("/") for folder in cgroup_folders(groups, mounts, controller)]


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", "surrogateescape")
    except OSError:
        return None


def free_disk(path: Path) -> int:
    """Return the bytes a user may still write at `path`, or where its nearest parent is.

    Raises:
        HostError: not even the root folder can be asked.
    """
    absolute = path.absolute()
    for folder in (absolute, *absolute.parents):
        try:
            found = os.statvfs(folder)
        except OSError:
            continue
        return found.f_bavail * found.f_frsize
    raise HostError("free space cannot be determined", path=path, remedy="check the mount")


def is_writable(path: Path) -> bool:
    """Whether `path` can be written, or made in its nearest existing parent. Writes nothing."""
    absolute = path.absolute()
    for folder in (absolute, *absolute.parents):
        if os.access(folder, os.F_OK):
            return os.access(folder, os.W_OK | os.X_OK) and folder.is_dir()
    return False


def architecture() -> str:
    """Return the machine as ``uname -m`` says it, for example ``x86_64`` or ``aarch64``."""
    return os.uname().machine


@dataclass(frozen=True)
class InstallRecord:
    """What CANN's ``ascend_cann_install.info`` says; a folder it does not name is empty."""

    root: str = ""
    toolkit: str = ""
    nnae: str = ""


def parse_install_record(text: str) -> InstallRecord:
    """Parse lines such as ``Install_Path=/usr/local/Ascend``; the last one of a kind counts."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        name, _, value = line.rstrip("\r").partition("=")
        if value.startswith("/"):
            found[name] = value
    return InstallRecord(
        found.get("Install_Path", ""),
        found.get("Toolkit_InstallPath", ""),
        found.get("Nnae_InstallPath", ""),
    )


def installed_folders(record: InstallRecord) -> tuple[str, ...]:
    """Return where one installation may have its ``set_env.sh``: the toolkit before nnae."""
    root, toolkit, nnae = record.root, record.toolkit, record.nnae
    return (
        *((toolkit, f"{toolkit}/latest") if toolkit else ()),
        *((f"{root}/ascend-toolkit", f"{root}/ascend-toolkit/latest") if root else ()),
        *((f"{root}/cann",) if root else ()),
        *((nnae, f"{nnae}/latest") if nnae else ()),
        *((f"{root}/nnae", f"{root}/nnae/latest") if root else ()),
    )


def cann_home(environ: Mapping[str, str], sysroot: Path = _ROOT) -> Path | None:
    """Return the folder of the ``set_env.sh`` of the CANN that ``env.sh`` would take, or None.

    The places and their order are those of ``templates/env.sh.j2``; keep the two in step.

    Args:
        environ: of which ``ASCEND_HOME_PATH`` and ``HOME`` are read.
        sysroot: prefix of ``/etc`` and ``/usr/local``.
    """
    home = environ.get("HOME", "")
    chosen = environ.get("ASCEND_HOME_PATH", "")
    chosen = chosen[:-1] if chosen.endswith("/") else chosen
    system = str(sysroot).rstrip("/")
    records = [f"{system}/etc/Ascend", *([f"{home}/Ascend"] if home else [])]
    roots = [f"{system}/usr/local/Ascend", *([f"{home}/Ascend"] if home else [])]
    places = [chosen, chosen.rpartition("/")[0] or chosen]
    for folder in records:
        text = _read(Path(folder, "ascend_cann_install.info"))
        places += installed_folders(parse_install_record(text or ""))
    for root in roots:
        places += installed_folders(InstallRecord(root=root))
    for place in filter(None, places):
        script = Path(place, "set_env.sh")
        if os.access(script, os.R_OK) and script.is_file():
            return Path(place)
    return None
