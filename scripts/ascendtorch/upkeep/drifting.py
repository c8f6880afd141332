"""The drift of the op spec between two tags: upstream's functions read from git objects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ascendtorch.errors import FetchError
from ascendtorch.opspec.entries import load_file
from ascendtorch.opspec.releases import is_for, overloads_at
from ascendtorch.opspec.spec import spec_files
from ascendtorch.upkeep.drift import FUNCTIONS, KINDS, Change, Wanted, drift, signatures
from ascendtorch.upkeep.sources import Sources

STAGE = "drift"


@dataclass(frozen=True)
class Drift:
    """Changes between two releases, with how many operators were looked at."""

    before: str
    after: str
    operators: int
    changes: tuple[Change, ...]

    def counts(self) -> dict[str, int]:
        """How many overloads of each kind there are."""
        kinds = [change.kind for change in self.changes]
        return {kind: kinds.count(kind) for kind in KINDS if kind in kinds}

    @property
    def stops(self) -> int:
        """How many changes break a build of the spec as it is."""
        return sum(change.kind != "joined" for change in self.changes)

    def as_json(self) -> dict[str, Any]:
        """The drift as data."""
        return {
            "from": self.before,
            "to": self.after,
            "operators": self.operators,
            "changes": [change.as_json() for change in self.changes],
            "counts": self.counts(),
            "stops": self.stops,
        }


def wanted_operators(folder: Path, tag: str) -> tuple[Wanted, ...]:
    """Return the operators of the op spec in `folder` that are for the release of a tag.

    Raises:
        SpecError: the spec cannot be read.
    """
    found = []
    version = re.search(r"[0-9]+\.[0-9]+\.[0-9]+", tag)
    for path in spec_files(folder):
        for entry in load_file(path):
            if version is not None and not is_for(entry, version[0]):
                continue
            overloads = overloads_at(entry, version[0] if version is not None else "")
            found.append(Wanted(entry.op, overloads, str(entry.value.where)))
    return tuple(found)


def find_drift(folder: Path, url: str, before: str, after: str, sources: Sources) -> Drift:
    """Compare two tags of the repository at `url`, for the op spec in `folder`.

    Raises:
        FetchError: a tag or its list of functions cannot be had.
        SpecError: the spec cannot be read.
    """
    wanted = wanted_operators(folder, after)
    old, new = (signatures(_functions(url, tag, sources)) for tag in (before, after))
    return Drift(before, after, len(wanted), drift(wanted, old, new))


def _functions(url: str, tag: str, sources: Sources) -> str:
    commit = sources.resolve(url, tag)
    repository = sources.require(url, commit, tag)
    oid = repository.resolve(f"{commit}:{FUNCTIONS}")
    data = repository.blobs([oid]).get(oid) if oid is not None else None
    if data is None:
        raise FetchError(
            f"{tag} has no {FUNCTIONS}",
            stage=STAGE,
            path=url,
            remedy="name a tag of PyTorch; if it is one, fetch it into the mirror whole",
        )
    return data.decode("utf-8", "replace")
