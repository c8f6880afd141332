"""Why a build failed: the first real error, whose line it is, and the known remedy."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ascendtorch.report.buildlog import find_first_error
from ascendtorch.report.logerror import LogError, Place
from ascendtorch.report.owner import ENVIRONMENT, Owner, OwnerIndex
from ascendtorch.report.remedies import Remedy, find_remedy

__all__ = ["Diagnosis", "Owner", "OwnerIndex", "diagnose"]

_UNKNOWN = Owner("upstream", "", "the log names no file")


@dataclass(frozen=True)
class Diagnosis:
    """What to tell about a failed build.

    Attributes:
        summary: the error's message in one line.
        excerpt: a few lines of the log around it.
        file: where to look, below the tree, or as the log says it when it lies outside.
        line: counted from 1.
        target: what ninja or make could not build.
        owner: who can mend it.
        remedy: the known one, if there is one.
    """

    summary: str
    excerpt: tuple[str, ...]
    file: str | None
    line: int | None
    target: str | None
    owner: Owner
    remedy: Remedy | None

    @property
    def where(self) -> str | None:
        """File and line, as an editor takes it."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file

    def text(self) -> str:
        """Everything but the remedy, for people."""
        facts = [f"in {self.where}" if self.where else "", f"owner: {self.owner}"]
        if self.target:
            facts.append(f"while making {self.target}")
        head = f"{self.summary}\n  " + "; ".join(filter(None, facts))
        return "\n".join([head, *(f"    {line}" for line in self.excerpt)])

    def as_json(self) -> dict[str, object]:
        """The same as data."""
        return {
            "summary": self.summary,
            "excerpt": list(self.excerpt),
            "file": self.file,
            "line": self.line,
            "target": self.target,
            "owner": {"kind": self.owner.kind, "name": self.owner.name, "note": self.owner.note},
            "remedy": self.remedy.id if self.remedy else None,
        }


def diagnose(
    lines: Iterable[str], exit_code: int, owners: OwnerIndex, remedies: Sequence[Remedy]
) -> Diagnosis:
    """Explain a failed build from its output.

    Args:
        lines: the whole output, both streams, in order.
        exit_code: the code the build ended with; negative for a signal.
        owners: what the tree is made of.
        remedies: the known ones (`load_remedies`).
    """
    error = find_first_error(lines)
    name = _signal_name(exit_code)
    if name is not None and (error is None or error.kind == "unknown"):
        return _ended_by_signal(name, error, remedies)
    if error is None:
        return Diagnosis(
            f"the build printed nothing and ended with exit code {exit_code}",
            (),
            None,
            None,
            None,
            ENVIRONMENT,
            None,
        )
    named = [f"FAILED: {error.target}"] if error.target else []
    remedy = find_remedy([*named, error.message, *error.excerpt], remedies)
    remedy = remedy or find_remedy(error.block, remedies)
    place, owner = _attribute(error, owners)
    if remedy is not None and remedy.environment:
        owner = ENVIRONMENT
    summary = error.message
    if remedy is not None and error.kind == "unknown":
        summary = next((w.strip() for w in error.block if find_remedy([w], [remedy])), summary)
    return Diagnosis(
        summary,
        error.excerpt,
        place.path if place else None,
        place.line if place else None,
        error.target,
        owner,
        remedy,
    )


def _attribute(error: LogError, owners: OwnerIndex) -> tuple[Place | None, Owner]:
    """Return the first place inside the tree and its owner."""
    if error.kind == "host":
        return None, ENVIRONMENT
    inside = [found for found in (_inside(place, owners) for place in error.places) if found]
    first = error.places[0] if error.places else None
    if not inside:
        unknown = first is None and (error.target or error.kind == "link")
        return first, _UNKNOWN if unknown else ENVIRONMENT
    place = inside[0]
    owner = owners.owner_of(place.path, place.line)
    if error.kind == "cmake" and first is not None and _inside(first, owners) is None:
        # One of CMake's own modules complains: about the machine, on behalf of the tree.
        return place, ENVIRONMENT
    if not owner.is_ours:
        # Upstream's header was fine until a line of ours used it.
        for user in filter(None, (_inside(place, owners) for place in error.users)):
            used_by = owners.owner_of(user.path, user.line)
            if used_by.is_ours:
                return user, used_by
    return place, owner


def _inside(place: Place, owners: OwnerIndex) -> Place | None:
    path = owners.tree_path(place.path, place.folder)
    return None if path is None else Place(path, place.line)


def _signal_name(exit_code: int) -> str | None:
    # A shell or Python in between turns a signal into 128 + its number.
    number = -exit_code if exit_code < 0 else exit_code - 128
    try:
        return signal.Signals(number).name
    except ValueError:
        return None


def _ended_by_signal(name: str, error: LogError | None, remedies: Sequence[Remedy]) -> Diagnosis:
    summary = f"the build was ended by signal {name}"
    return Diagnosis(
        summary,
        error.excerpt if error else (),
        None,
        None,
        None,
        ENVIRONMENT,
        find_remedy([summary], remedies),
    )
