"""One tree folder for several versions: the others wait aside, whole, with all their objects."""

from __future__ import annotations

import errno
from pathlib import Path

from ascendtorch.report.reporter import Reporter
from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages import receipts

STAGE = "fetch"


def bring_back(spec: VersionSpec, tree: Path, parked: Path, reporter: Reporter) -> None:
    """Swap in the tree of the asked version: set another one aside, take back a parked one."""
    receipt = receipts.load(tree / ".git" / "ascendtorch", STAGE)
    # The second is for a tree on another file system, where a rename would not reach the first.
    places = (parked, tree.with_name(f".{tree.name}.parked"))
    if receipt is not None and (receipt["version"], receipt["base"]) != (
        spec.version,
        spec.upstream.commit,
    ):
        try:
            aside = _set_aside(tree, places[0], str(receipt["version"]))
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            aside = _set_aside(tree, places[1], str(receipt["version"]))
        reporter.say(STAGE, f"the tree of {receipt['version']} is set aside, whole, in {aside}")
    if tree.exists():
        return
    for waiting in (found for place in places for found in sorted(place.glob(f"{spec.version}*"))):
        receipt = receipts.load(waiting / ".git" / "ascendtorch", STAGE)
        if receipt is None or receipt["base"] != spec.upstream.commit:
            continue
        tree.parent.mkdir(parents=True, exist_ok=True)
        if waiting.stat().st_dev == tree.parent.stat().st_dev:
            waiting.rename(tree)
            reporter.say(STAGE, f"the tree of {spec.version} is back from {waiting}")
            return


def _set_aside(tree: Path, place: Path, name: str) -> Path:
    aside = place / name
    number = 2
    while aside.exists():
        aside = place / f"{name}.{number}"
        number += 1
    place.mkdir(parents=True, exist_ok=True)
    tree.rename(aside)
    return aside
