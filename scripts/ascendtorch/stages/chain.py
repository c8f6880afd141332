"""The chain of commits a series makes, computed in scratch indexes without touching a work tree.

Every patch becomes one commit in the release's repository. Where it changes files of a submodule,
it is also a commit there, and the release's commit records the submodule's new commit. Hashes
depend on the pin and the patches alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from ascendtorch.edge import git, process
from ascendtorch.edge.scratch import scratch_folder
from ascendtorch.errors import PatchError
from ascendtorch.series.nearest import explain_mismatch
from ascendtorch.series.parts import Part, owner_of, split
from ascendtorch.series.patchfile import PatchFile

STAGE = "patch"
_COMMITTER = ("ascendtorch", "ascendtorch@invalid")
_OFFSET = re.compile(r"Hunk #(\d+) succeeded at (\d+) \(offset (-?\d+) lines?\)")
_REGULAR = ("100644", "100755")


@dataclass(frozen=True)
class Link:
    """One applied patch: the commit of every repository after it (``""`` is the release)."""

    name: str
    digest: str
    heads: dict[str, str]


class ChainBuilder:
    """Applies patches one after the other to the scratch state of all repositories."""

    def __init__(
        self,
        repositories: Mapping[str, git.Repository],
        heads: Mapping[str, str],
        known: tuple[str, ...],
        scratch: Path,
    ) -> None:
        self._repositories = repositories
        self._heads = dict(heads)
        self._known = known
        self._scratch = scratch
        self._indexes: dict[str, Path] = {}
        self._dates: dict[str, str] = {}
        self._touched: dict[str, str] = {}

    def apply(self, patch: PatchFile) -> Link | None:
        """Apply one patch; None when it concerns only submodules that are not there.

        Raises:
            PatchError: it does not apply exactly, or a target is not a regular file.
        """
        parts = split(patch, self._repositories, self._known)
        if not parts:
            return None
        changed: set[str] = set()
        for part in parts:
            self._apply_part(patch, part)
            changed.add(part.repository)
        for name in self._with_parents(changed):
            self._commit(name, patch)
        self.note(patch)
        return Link(patch.name, patch.digest, dict(self._heads))

    def note(self, patch: PatchFile) -> None:
        """Remember which files a patch touches, for the message when a later one does not fit."""
        self._touched.update({item.path: patch.name for item in patch.files})

    def _with_parents(self, changed: set[str]) -> list[str]:
        names = set(changed)
        for name in changed:
            inner = name
            while inner:
                inner = owner_of(inner, self._known)
                names.add(inner)
        return sorted(names, key=lambda name: (-len(name), name))

    def _index(self, name: str) -> Path:
        if name not in self._indexes:
            self._indexes[name] = self._scratch / f"index-{len(self._indexes)}"
            self._repositories[name].run("read-tree", self._heads[name], index=self._indexes[name])
        return self._indexes[name]

    def _apply_part(self, patch: PatchFile, part: Part) -> None:
        repository, index = self._repositories[part.repository], self._index(part.repository)
        depth = len(Path(part.repository).parts) + 1
        self._check_targets(patch, part, repository, index)
        body = b"".join(item.body for item in part.files)
        done = repository.run(
            "apply",
            "--cached",
            "--verbose",
            "--whitespace=nowarn",
            f"-p{depth}",
            "-",
            index=index,
            stdin=body,
            check=False,
        )
        if done.returncode != 0:
            self._refuse(patch, part, repository, index, done.error_text)
        moved = _OFFSET.search(done.error_text)
        if moved and not patch.header.allow_offset:
            _fail(
                patch,
                f"hunk {moved[1]} would land {moved[3]} lines off, at line {moved[2]}",
                "refresh the patch against this release, or declare `Allow-Offset: yes` in its "
                "header after checking that the place is right",
            )

    def _check_targets(
        self, patch: PatchFile, part: Part, repository: git.Repository, index: Path
    ) -> None:
        prefix = f"{part.repository}/" if part.repository else ""
        names = sorted({n[len(prefix) :] for f in part.files for n in (f.path, f.source) if n})
        listed = repository.run(
            "ls-files", "-s", "-z", "--", *(f":(literal){n}" for n in names), index=index
        ).text
        modes = {line.partition("\t")[2]: line[:6] for line in filter(None, listed.split("\0"))}
        for item in part.files:
            name = (item.source or item.path)[len(prefix) :]
            mode = modes.get(name)
            if mode is not None and mode not in _REGULAR:
                what = "a symbolic link" if mode == "120000" else "a submodule"
                _fail(
                    patch,
                    f"{item.path} is {what} in the release",
                    "patch the file it points to, or the submodule's own files",
                )
            if item.kind == "add" and mode is not None:
                _fail(
                    patch,
                    f"{item.path} is new in the patch and exists already" + self._by(item.path),
                    "turn the addition into a change",
                )
            if item.kind != "add" and mode is None:
                _fail(
                    patch,
                    f"{item.path} is not in the tree" + self._by(item.path),
                    "the file was removed or renamed; adapt the patch to the release",
                )

    def _by(self, path: str) -> str:
        name = self._touched.get(path)
        return f" (an earlier patch, {name}, touches it)" if name else ""

    def _refuse(
        self, patch: PatchFile, part: Part, repository: git.Repository, index: Path, said: str
    ) -> NoReturn:
        _refuse_full_disk(repository, said)
        depth = len(Path(part.repository).parts) + 1
        prefix = f"{part.repository}/" if part.repository else ""
        reverse = repository.run(
            "apply",
            "--cached",
            "--check",
            "--reverse",
            f"-p{depth}",
            "-",
            index=index,
            stdin=b"".join(item.body for item in part.files),
            check=False,
        )
        if reverse.returncode == 0:
            _fail(
                patch,
                "its changes are already in the tree",
                "remove it from the series: the release contains it",
            )
        for item in part.files:
            single = repository.run(
                "apply",
                "--cached",
                "--check",
                f"-p{depth}",
                "-",
                index=index,
                stdin=item.body,
                check=False,
            )
            if single.returncode == 0 or item.kind == "add":
                continue
            shown = repository.run(
                "cat-file", "blob", f":{item.path[len(prefix) :]}", index=index, check=False
            )
            _fail(
                patch,
                explain_mismatch(item, shown.stdout) + self._by(item.path),
                "adapt the patch to the text that is there",
            )
        _fail(
            patch,
            said.splitlines()[-1] if said else "git apply refused it",
            "export the patch again with git format-patch",
        )

    def _commit(self, name: str, patch: PatchFile) -> None:
        repository, index = self._repositories[name], self._index(name)
        children = [m for m in self._heads if m and owner_of(m, self._known) == name]
        updates = "".join(
            f"160000 {self._heads[m]}\t{m[len(name) + 1 if name else 0 :]}\n" for m in children
        )
        repository.run("update-index", "--index-info", index=index, stdin=updates.encode())
        tree = repository.run("write-tree", index=index).text.strip()
        if name not in self._dates:
            # The pin's own date, so that the hash is the same on every machine and day.
            self._dates[name] = repository.commit_date(self._heads[name])
        self._heads[name] = repository.commit_tree(
            tree,
            self._heads[name],
            patch.header.message,
            patch.header.author,
            git.Signature(*_COMMITTER, self._dates[name]),
        )


def _refuse_full_disk(repository: git.Repository, said: str) -> None:
    refused = git.host_error(said, stage=STAGE, path=repository.git_dir)
    if refused is not None:
        raise refused


def _fail(patch: PatchFile, cause: str, remedy: str) -> NoReturn:
    raise PatchError(cause, stage=STAGE, path=patch.path, remedy=remedy)


def build_chain(
    patches: tuple[PatchFile, ...],
    kept: tuple[Link, ...],
    repositories: Mapping[str, git.Repository],
    bases: Mapping[str, str],
    known: tuple[str, ...],
) -> tuple[Link, ...]:
    """Return the links of the whole series, computing only those after `kept`.

    Args:
        kept: links of the first patches, unchanged since they were computed.
        bases: the pinned commit of every repository.
    """
    heads = kept[-1].heads if kept else dict(bases)
    with scratch_folder() as scratch:
        builder = ChainBuilder(repositories, heads, known, scratch)
        made = list(kept)
        for patch in patches[: len(kept)]:
            builder.note(patch)
        try:
            for patch in patches[len(kept) :]:
                link = builder.apply(patch)
                made.append(
                    link or Link(patch.name, patch.digest, dict(made[-1].heads if made else bases))
                )
        except process.ProcessFailedError as error:
            _refuse_full_disk(repositories[""], error.result.error_text)
            raise PatchError(
                str(error),
                stage=STAGE,
                path=patch.path,
                remedy="run the same command again; if it stays, report it",
            ) from error
    return tuple(made)
