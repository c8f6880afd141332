"""The state of every patch of a series in the tree, with reasons. Changes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

#: From best to worst.
STATES = ("clean", "absent", "applied", "edited", "drifted", "partial", "missing")


@dataclass(frozen=True)
class FileState:
    """One file of a patch.

    Attributes:
        state: ``clean`` (as the series makes it), ``applied`` (the change is there, but not by the
            series' own commit), ``edited`` (changed and not committed), ``drifted`` (committed
            otherwise than the patch says), ``missing`` (the change is not there) or ``absent`` (in
            a submodule that the tree lacks).
    """

    path: str
    state: str


@dataclass(frozen=True)
class PatchState:
    """One patch; `state` as for a file, and ``partial`` where some files have the change."""

    name: str
    state: str
    reasons: tuple[str, ...]
    files: tuple[FileState, ...]


@dataclass(frozen=True)
class Unexported:
    """A commit over the pin that is not as the series makes it; `patch` is what it stands for."""

    repository: str
    commit: str
    subject: str
    patch: str | None


@dataclass(frozen=True)
class SeriesState:
    """Every patch, and what in the tree is in none of them.

    Attributes:
        tree: ``present``, or why there is nothing to look at: ``missing``, ``foreign`` (not ours),
            ``interrupted`` (a run was cut off).
        uncommitted: edited and new files of a person.
        notes: what else a person should know.
    """

    tree: str
    patches: tuple[PatchState, ...]
    unexported: tuple[Unexported, ...] = ()
    uncommitted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether the tree is what the series makes, and holds nothing else."""
        states = {patch.state for patch in self.patches}
        loose = self.unexported or self.uncommitted or self.notes
        return self.tree == "present" and states <= {"clean", "absent"} and not loose

    def as_json(self) -> dict[str, object]:
        """The state as data."""
        return {"clean": self.clean, **dataclasses.asdict(self)}


def summary(files: Sequence[FileState]) -> str:
    """Return the state of a patch from those of its files."""
    states = {item.state for item in files} - {"absent"}
    if not states:
        return "absent"
    if "missing" in states:
        return "missing" if states == {"missing"} else "partial"
    return max(states, key=STATES.index)
