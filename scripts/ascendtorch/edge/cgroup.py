"""Limits of containers and counters of the kernel, read from text alone.

The limits of a container are in cgroup files (version 1 or 2); neither `nproc` nor
``/proc/meminfo`` knows of them.
"""

from __future__ import annotations

import re

#: Limits above this are how version 1 says "no limit" (the largest number of pages).
_UNLIMITED = 1 << 60


def cgroup_folders(groups: str, mounts: str, controller: str) -> tuple[str, ...]:
    """Return the folders whose limits bind this process: its own group first, then those around it.

    Args:
        groups: the text of ``/proc/self/cgroup``.
        mounts: the text of ``/proc/self/mountinfo``.
        controller: ``cpu`` or ``memory``; version 2 keeps all controllers in one folder.
    """
    paths: dict[str, str] = {}
    for line in groups.splitlines():
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        paths.update(dict.fromkeys(names.split(","), path))
    folders: list[str] = []
    for line in mounts.splitlines():
        place, _, kind = line.partition(" - ")
        fields, kinds = place.split(), kind.split()
        if len(fields) < 5 or len(kinds) < 3:
            continue
        if kinds[0] == "cgroup2":
            group = paths.get("")
        elif kinds[0] == "cgroup" and controller in kinds[2].split(","):
            group = paths.get(controller)
        else:
            continue
        if group is not None:
            folders += _upwards(group, _unescape(fields[3]), _unescape(fields[4]))
    return tuple(dict.fromkeys(folders))


def _upwards(path: str, root: str, point: str) -> list[str]:
    root = root.rstrip("/")
    # A container may see the path its host uses; what is mounted then is its own group.
    inside = path.startswith(f"{root}/") and ".." not in path.split("/")
    parts = [part for part in path[len(root) :].split("/") if part] if inside else []
    return ["/".join([point.rstrip("/"), *parts[:count]]) for count in range(len(parts), -1, -1)]


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def parse_cpu_max(text: str) -> float | None:
    """Parse ``cpu.max`` of version 2 (``<quota> <period>``) to cores; None without a limit."""
    quota, _, period = text.strip().partition(" ")
    return parse_cpu_quota(quota, period or "100000")


def parse_cpu_quota(quota: str, period: str) -> float | None:
    """Turn a quota and its period, both in microseconds, into cores; None without a limit."""
    try:
        limit, length = int(quota), int(period)
    except ValueError:  # `max`
        return None
    return limit / length if limit > 0 and length > 0 else None


def parse_limit(text: str) -> int | None:
    """Parse a memory limit in bytes; None without a limit."""
    number = text.strip()
    return int(number) if number.isdigit() and int(number) < _UNLIMITED else None


def parse_counters(text: str) -> dict[str, int]:
    """Parse ``name value`` lines (``memory.stat``, ``/proc/meminfo``); units are dropped."""
    pairs = re.findall(r"^([\w()]+):?\s+(\d+)", text, re.MULTILINE)
    return {name: int(value) for name, value in pairs}


def parse_meminfo(text: str) -> int | None:
    """Return the memory that ``/proc/meminfo`` says new work could have, in bytes."""
    values = parse_counters(text)
    if "MemAvailable" in values:
        return values["MemAvailable"] * 1024
    if "MemFree" in values:  # Linux before 3.14
        return sum(values.get(name, 0) for name in ("MemFree", "Buffers", "Cached")) * 1024
    return None
