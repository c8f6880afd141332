"""What an import would write, decided and proven to be the same tree before anything is."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from ascendtorch.edge import git
from ascendtorch.errors import PatchError, SpecError
from ascendtorch.series import rewrite
from ascendtorch.series.patchfile import parse_patch
from ascendtorch.series.series import load_series
from ascendtorch.spec.version import OverlayRule, load_version
from ascendtorch.stages.chain import STAGE
from ascendtorch.stages.results import FetchedTree
from ascendtorch.upkeep import naming, ownfiles
from ascendtorch.upkeep.flat import FlatTree
from ascendtorch.upkeep.inputs import read_inputs
from ascendtorch.upkeep.ownfiles import OwnFiles
from ascendtorch.upkeep.steps import Applied, NewPatch, PatchMaker, apply_all, make_patches
from ascendtorch.upkeep.trial import Trial


@dataclass(frozen=True)
class ImportOptions:
    """How to import.

    Attributes:
        split: divide by topic, and move new files to the overlay.
        level: the ``-p`` of all inputs; found out where it is None.
        author: name and address, for changes that name nobody.
        subject: what to call a single change.
    """

    split: bool = False
    level: int | None = None
    author: tuple[str, str] | None = None
    subject: str | None = None


@dataclass(frozen=True)
class ImportPlan:
    """What an import would write, and the proof that nothing is lost.

    Attributes:
        applied: each input and how it fitted.
        patches: the new patches, by file name, in order.
        own: the files that go to the overlay.
        series: the new text of the series file.
        tree: the tree that the inputs make, submodules included, as git applied them.
        proven: the tree that the new series and the overlay make; it is the same.
    """

    applied: tuple[Applied, ...]
    patches: tuple[tuple[str, NewPatch], ...]
    own: OwnFiles | None
    series: bytes
    tree: str
    proven: str
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """The plan as data."""
        return {
            "inputs": [
                {
                    "name": step.change.name,
                    "kind": step.change.kind,
                    "strip": step.level,
                    "files": len(step.change.diff.sections),
                    "moved_hunks": step.moved,
                }
                for step in self.applied
            ],
            "patches": [
                {
                    "name": name,
                    "subject": item.subject,
                    "files": list(item.paths),
                    "shared_names": list(item.names),
                }
                for name, item in self.patches
            ],
            "overlay": {
                "folder": self.own.folder if self.own else None,
                "files": sorted(self.own.files) if self.own else [],
                "version_yaml_changes": bool(self.own and self.own.settings),
            },
            "proof": {"input": self.tree, "series_and_overlay": self.proven},
            "notes": list(self.notes),
        }


def plan_import(
    fetched: FetchedTree,
    sources: Path,
    paths: tuple[Path, ...],
    options: ImportOptions,
    scratch: Path,
) -> ImportPlan:
    """Decide what an import writes, and prove it.

    Args:
        sources: the ``pytorch_src`` folder.
        paths: files and folders to import, in order.
        scratch: an empty folder for what is tried.

    Raises:
        PatchError: an input does not fit, or cannot be imported without loss.
    """
    changes, notes = read_inputs(paths)
    if options.subject is not None and len(changes) > 1:
        raise PatchError(
            f"there are {len(changes)} changes, and one subject for them",
            stage=STAGE,
            remedy="import them one by one, or leave --subject out",
        )
    series = load_series(fetched.spec.series_file)
    trial = Trial(fetched, series, changes, scratch)
    flat, known = trial.flat, tuple(module.path for module in fetched.spec.submodules)
    start = flat.build(trial.heads, trial.modules)
    applied = apply_all(flat, changes, start, options.level)
    tree = applied[-1].after
    own = _own_files(fetched, sources, flat, start, tree, trial) if options.split else None
    folder = series.path.parent
    maker = PatchMaker(flat, trial.heads[""], known, folder)
    made = make_patches(
        maker,
        flat,
        applied,
        own.entries() if own else {},
        split=options.split,
        author=options.author,
        subject=options.subject,
    )
    taken = [*(item.name for item in series.patches), *series.unlisted]
    names = naming.new_names([item.subject for item in made], taken)
    patches = [parse_patch(folder / name, item.raw) for name, item in zip(names, made)]
    proven = trial.prove([*series.patches, *patches], own)
    if proven != tree:
        odd = sorted({change.path for change in flat.repository.diff_trees(tree, proven)})
        raise PatchError(
            f"the imported series would not give the tree of the input: {', '.join(odd[:8])}",
            stage=STAGE,
            path=paths[0],
            remedy="nothing was written; report this with the file",
        )
    text = (rewrite.read(folder, series.path.name, None) or b"").decode("utf-8-sig")
    listed = [*(item.name for item in series.patches), *names]
    return ImportPlan(
        tuple(applied),
        tuple(zip(names, made)),
        own,
        naming.series_text(text, listed).encode(),
        tree,
        proven,
        tuple(notes),
    )


def _own_files(
    fetched: FetchedTree, sources: Path, flat: FlatTree, start: str, tree: str, trial: Trial
) -> OwnFiles | None:
    """Plan the move of new files to the overlay."""
    before, after = flat.entries(start), flat.entries(tree)
    renamed = _renamed(flat.repository, start, tree)
    added = ownfiles.movable(
        (path for path in after if path not in before and path not in renamed), fetched.spec
    )
    regular = [path for path in added if after[path].mode in ("100644", "100755")]
    if not regular:
        return None
    contents = flat.repository.blobs([after[path].oid for path in regular])
    files = {path: (contents[after[path].oid], after[path].mode == "100755") for path in regular}
    upstream = [path for path in after if path not in files]
    planned = ownfiles.plan_own_files(
        fetched.spec, sources, files, upstream, [*fetched.modules, *trial.modules]
    )
    _check_settings(fetched, planned)
    return planned


def _renamed(repository: git.Repository, old: str, new: str) -> set[str]:
    """Return files that have another name now: they are upstream's, and stay in patches."""
    raw = repository.run(
        "diff-tree", "-r", "-z", "-M50%", "--diff-filter=R", "--name-only", old, new
    )
    return set(filter(None, raw.text.split("\0")))


def _check_settings(fetched: FetchedTree, planned: OwnFiles) -> None:
    """Make sure that the new version.yaml says what it should, and nothing else has changed."""
    if planned.settings is None:
        return
    spec = fetched.spec
    with tempfile.TemporaryDirectory(prefix="ascendtorch-") as scratch:
        folder = Path(scratch) / spec.version
        folder.mkdir()
        (folder / "version.yaml").write_bytes(planned.settings)
        new = load_version(folder)
    rules = (*spec.overlay, OverlayRule(planned.folder, "."))
    if new.overlay != rules or new.submodules != spec.submodules or new.flags != spec.flags:
        raise SpecError(
            "the overlay rule cannot be put into this file",
            stage=STAGE,
            path=spec.folder / "version.yaml",
            remedy=f'add `- {{from: "{planned.folder}", to: "."}}` to `overlay` by hand',
        )
