"""What an export would write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ascendtorch.edge.files import sha256_bytes
from ascendtorch.series import rewrite
from ascendtorch.series.parts import split
from ascendtorch.series.patchfile import PatchFile
from ascendtorch.series.series import Series
from ascendtorch.stages.results import FetchedTree
from ascendtorch.upkeep import matching, naming
from ascendtorch.upkeep.commits import Commit
from ascendtorch.upkeep.drafts import Draft


@dataclass(frozen=True)
class ExportPlan:
    """What an export would do.

    Attributes:
        drafts: the patches to come, in order, each with its file's name.
        removed: files of patches that have no commit any more.
        contents: what the version's folder gets; see `rewrite`.
        patches: name and digest of each patch to come.
        heads: the commits that are exported.
        notes: what a person should know, such as edits that are not committed.
    """

    drafts: tuple[tuple[str, Draft], ...]
    removed: tuple[str, ...]
    contents: dict[str, bytes | None]
    patches: tuple[tuple[str, str], ...]
    heads: dict[str, str]
    notes: tuple[str, ...]
    uncommitted: tuple[str, ...]

    @property
    def changes(self) -> bool:
        """Whether a file of the series changes."""
        return bool(self.contents)

    def as_json(self) -> dict[str, object]:
        """The plan as data."""
        return {
            "patches": [
                {"name": name, "state": draft.state, "subject": draft.subject}
                for name, draft in self.drafts
            ],
            "removed": list(self.removed),
            "files": sorted(self.contents),
            "uncommitted": list(self.uncommitted),
            "notes": list(self.notes),
        }


def with_absent(
    made: list[Draft],
    patches: tuple[PatchFile, ...],
    fetched: FetchedTree,
    known: tuple[str, ...],
) -> list[Draft]:
    """Put patches that concern submodules the tree lacks back behind those they stood behind."""
    result = list(made)
    before: str | None = None
    for item in patches:
        present = {draft.name for draft in result}
        absent = {part.repository for part in split(item, known, known)} - {"", *fetched.modules}
        if item.name not in present and absent:
            at = next((i for i, d in enumerate(result) if d.name == before), -1)
            result.insert(at + 1, Draft(item.name, "kept", item.header.subject, None))
        if item.name in present or absent:
            before = item.name
    return result


def silent_commits(
    commits: Mapping[str, tuple[Commit, ...]],
    found: Mapping[str, str],
    known: list[matching.Known],
) -> list[str]:
    """Say which commits have nothing that a patch could hold."""
    notes = []
    recorded = {oid for item in known for oid in item.commits.values()}
    messages = {(item.subject, item.body) for item in known}
    for listed in commits.values():
        for commit in listed:
            if commit.paths or commit.oid in recorded or commit.message in messages:
                continue
            what = "only records submodules" if commit.links else "changes nothing"
            notes.append(f"{commit.label} {what}; its message is in no patch")
    return notes


def assemble(
    series: Series,
    made: list[Draft],
    heads: dict[str, str],
    notes: list[str],
    uncommitted: tuple[str, ...],
) -> ExportPlan:
    folder = series.path.parent
    old = {item.name: item.digest for item in series.patches}
    fresh = naming.new_names(
        [draft.subject for draft in made if draft.name is None], [*old, *series.unlisted]
    )
    names = [draft.name or fresh.pop(0) for draft in made]
    listed = tuple(zip(names, made))
    contents: dict[str, bytes | None] = {n: d.raw for n, d in listed if d.raw is not None}
    removed = tuple(name for name in old if name not in names)
    contents.update(dict.fromkeys(removed))
    if names != list(old):
        text = (rewrite.read(folder, series.path.name, None) or b"").decode("utf-8-sig")
        contents[series.path.name] = naming.series_text(text, names).encode()
    digests = {n: sha256_bytes(d.raw) if d.raw is not None else old[n] for n, d in listed}
    return ExportPlan(
        listed,
        removed,
        contents,
        tuple((name, digests[name]) for name in names),
        heads,
        tuple(notes),
        uncommitted,
    )
