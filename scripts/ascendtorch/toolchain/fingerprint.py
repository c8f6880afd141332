"""What shaped a build, and whether its objects can be used again when that changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: From harmless to fatal.
SAME, REBUILD, RECONFIGURE, CLEAN = "same", "rebuild", "reconfigure", "clean"
_ORDER = (SAME, REBUILD, RECONFIGURE, CLEAN)

#: What a change of each part asks for; ninja sees changed sources and commands by itself, CMake
#: remembers options, and objects of another Python or compiler must not meet ours.
_CONSEQUENCE = {
    "sources": REBUILD,
    "generated": REBUILD,
    "build number": REBUILD,
    "emulator": REBUILD,
    "launcher": RECONFIGURE,
    "flag": RECONFIGURE,
    "cmake": RECONFIGURE,
    "python": CLEAN,
    "environment": CLEAN,
    "compiler": CLEAN,
    "place": CLEAN,
}


@dataclass(frozen=True)
class Verdict:
    """What is left of an earlier build, and why."""

    action: str
    reasons: tuple[str, ...]


def compare(old: Mapping[str, str] | None, new: Mapping[str, str]) -> Verdict:
    """Compare fingerprints; keys are parts, ``flag NAME`` for flags. No old one means clean."""
    if old is None:
        return Verdict(CLEAN, ("there is no record of the build in this folder",))
    reasons = []
    action = SAME
    for key in sorted({*old, *new}):
        if old.get(key) == new.get(key):
            continue
        part = "flag" if key.startswith("flag ") else key
        action = max(action, _CONSEQUENCE.get(part, CLEAN), key=_ORDER.index)
        reasons.append(f"{key}: {_short(old.get(key))} -> {_short(new.get(key))}")
    return Verdict(action, tuple(reasons))


def _short(value: str | None) -> str:
    if value is None:
        return "(unset)"
    return value if len(value) <= 60 else f"{value[:12]}..."
