"""What a rebase has done so far, in a folder of its own, so that a kill loses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ascendtorch.edge.files import read_json, remove_tree, write_json
from ascendtorch.errors import StateError
from ascendtorch.series.series import Series

STAGE = "rebase"
_SCHEMA = 1

#: By path, mode and object of a file; None where it is removed.
Results = Mapping[str, "tuple[str, str] | None"]


@dataclass(frozen=True)
class DoneStep:
    """One patch that is decided.

    Attributes:
        outcome: the kind of its verdict, ``resolved`` or ``skipped``.
        results: what it changes at the new release; nothing where upstream has it.
    """

    name: str
    outcome: str
    results: Results


@dataclass(frozen=True)
class RebaseState:
    """A rebase under way.

    Attributes:
        version: whose series it is.
        tag: the release it goes to, and its commit.
        target: the version that is made.
        series: name and digest of each patch when it began.
        stopped: the patch that waits for a person; None where none does.
        finishing: whether the new folder is being put into its place.
    """

    version: str
    tag: str
    commit: str
    target: str
    series: tuple[tuple[str, str], ...]
    done: tuple[DoneStep, ...] = ()
    stopped: str | None = None
    finishing: bool = False

    def decided(self, step: DoneStep) -> RebaseState:
        """Return the state after one more patch."""
        return replace(self, done=(*self.done, step), stopped=None)


@dataclass(frozen=True)
class RebaseFolder:
    """Where a rebase keeps what it has: state, new objects, files to resolve, reports."""

    path: Path
    work: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "work", self.path / "work")

    def load(self) -> RebaseState | None:
        """Return the rebase under way, if there is one.

        Raises:
            StateError: the state is damaged, or written by a newer tool.
        """
        raw = read_json(self.path / "state.json", schema=_SCHEMA, stage=STAGE)
        if raw is None:
            return None
        try:
            return _parse(raw)
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(
                f"the state of the rebase is damaged ({error!r})",
                stage=STAGE,
                path=self.path / "state.json",
                remedy="`ascendtorch patch rebase --abort` forgets it; then begin again",
            ) from error

    def save(self, state: RebaseState) -> None:
        """Write the state, whole or not at all."""
        write_json(
            self.path / "state.json",
            {
                "schema": _SCHEMA,
                "version": state.version,
                "tag": state.tag,
                "commit": state.commit,
                "target": state.target,
                "series": [list(entry) for entry in state.series],
                "done": [
                    {"name": s.name, "outcome": s.outcome, "results": _as_json(s.results)}
                    for s in state.done
                ],
                "stopped": state.stopped,
                "finishing": state.finishing,
            },
        )

    def remove(self) -> None:
        """Forget the rebase. What a kill leaves without its state is nobody's; see `tidy`."""
        (self.path / "state.json").unlink(missing_ok=True)
        remove_tree(self.path)

    def tidy(self) -> None:
        """Remove what a killed run left of a rebase that had not begun, or was over."""
        if not (self.path / "state.json").exists():
            remove_tree(self.path)

    def require(self) -> RebaseState:
        """Return the rebase under way.

        Raises:
            StateError: there is none.
        """
        state = self.load()
        if state is None:
            raise StateError(
                "no rebase is under way",
                stage=STAGE,
                path=self.path,
                remedy="begin one with `ascendtorch patch rebase --onto TAG`",
            )
        return state


def check_series(state: RebaseState, series: Series) -> None:
    """Refuse to go on with another series than the one that was begun.

    Raises:
        StateError: a patch changed, came or went.
    """
    if tuple((item.name, item.digest) for item in series.patches) != state.series:
        raise StateError(
            "the series changed since the rebase began",
            stage=STAGE,
            path=series.path,
            remedy="`ascendtorch patch rebase --abort`, then begin again",
        )


def _as_json(results: Results) -> dict[str, list[str] | None]:
    return {path: None if entry is None else list(entry) for path, entry in results.items()}


def _parse(raw: dict[str, Any]) -> RebaseState:
    done = tuple(
        DoneStep(
            str(step["name"]),
            str(step["outcome"]),
            {
                str(path): None if entry is None else (str(entry[0]), str(entry[1]))
                for path, entry in step["results"].items()
            },
        )
        for step in raw["done"]
    )
    stopped = raw["stopped"]
    return RebaseState(
        str(raw["version"]),
        str(raw["tag"]),
        str(raw["commit"]),
        str(raw["target"]),
        tuple((str(name), str(digest)) for name, digest in raw["series"]),
        done,
        None if stopped is None else str(stopped),
        bool(raw["finishing"]),
    )
