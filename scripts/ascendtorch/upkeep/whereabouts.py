"""What upstream did around a conflict: who changed the file, and where lines of it went."""

from __future__ import annotations

import re

from ascendtorch.edge import git
from ascendtorch.upkeep.placing import COMMON
from ascendtorch.upkeep.release import Release
from ascendtorch.upkeep.verdict import FileVerdict, HunkVerdict

_COMMITS = 3
_PLACES = 3
#: Hunks that are searched for; a search looks through the whole release.
_SEARCHED = 4
#: Shorter lines stand in many places of a release, or of a file.
_TELLING, _TELLING_IN_FILE = 12, 4


def changed_by(pin: Release, other: Release, path: str) -> list[tuple[str, str]]:
    """Return the last upstream commits between two releases that changed a path: hash, subject."""
    module, inner = pin.inside(path)
    there = other.modules[module.path]
    if there.repository is None:
        return []
    done = there.repository.run(
        *("log", f"-{_COMMITS}", "--format=%H%x00%s", "--no-merges"),
        *(f"{module.commit}..{there.commit}", "--", f":(literal){inner}"),
        check=False,
    )
    if done.returncode != 0:
        return []
    pairs = (line.partition("\0") for line in done.text.splitlines())
    return [(oid, subject) for oid, _, subject in pairs]


def taken_by(pin: Release, other: Release, path: str, hunk: HunkVerdict) -> tuple[str, str] | None:
    """Return the upstream commit that took away what a conflicting hunk is about."""
    module, inner = pin.inside(path)
    there, line = other.modules[module.path], telling_line(hunk, _TELLING_IN_FILE)
    if there.repository is None or line is None or hunk.state != "conflict":
        return None
    done = there.repository.run(
        # The whole line: as part of a longer one, -S would take it for still there.
        *("log", "-1", "--format=%H%x00%s", "--no-merges", f"-G^[[:space:]]*{_escaped(line)}"),
        *(f"{module.commit}..{there.commit}", "--", f":(literal){inner}"),
        check=False,
    )
    oid, _, subject = done.text.strip().partition("\0")
    return (oid, subject) if done.returncode == 0 and oid else None


def _escaped(line: str) -> str:
    """Return an extended regular expression for a line, up to its end."""
    return re.sub(r"([][.{}()*+?^$|\\])", r"\\\1", line) + "[[:space:]]*$"


def elsewhere(other: Release, file: FileVerdict) -> dict[int, list[str]]:
    """Return files of the release that now hold what a conflicting hunk is about, by hunk."""
    module, inner = other.inside(file.moved_to or file.path)
    found: dict[int, list[str]] = {}
    lost = [hunk for hunk in file.hunks if hunk.state == "conflict"]
    for hunk in lost[:_SEARCHED] if module.repository is not None else ():
        line = telling_line(hunk, _TELLING)
        if line is None or module.repository is None:
            continue
        places = _holding(module.repository, module.commit, line)
        prefix = f"{module.path}/" if module.path else ""
        if inner not in places and 0 < len(places) <= _PLACES:
            found[hunk.number] = [prefix + place for place in places]
    return found


def telling_line(hunk: HunkVerdict, shortest: int) -> str | None:
    """Return the longest line a hunk takes away or keeps that the release lacks at its place."""
    there = {line.strip() for line in hunk.there}
    lines = [line[1:] for line in hunk.wanted if line[:1] in ("-", " ", "")]
    common = COMMON.decode()
    telling = [x.strip() for x in lines if len(x.strip(common)) >= shortest]
    return max((line for line in telling if line not in there), key=len, default=None)


def _holding(repository: git.Repository, commit: str, line: str) -> list[str]:
    done = repository.run(*("grep", "-z", "-l", "-I", "-F", "-e", line, commit, "--"), check=False)
    if done.returncode != 0:
        return []
    return [name.partition(":")[2] for name in done.text.split("\0") if name]
