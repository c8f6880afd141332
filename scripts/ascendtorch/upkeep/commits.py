"""The commits that stand in the tree over the pin, repository by repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ascendtorch.edge import git
from ascendtorch.errors import EditedError, PatchError
from ascendtorch.stages.chain import STAGE
from ascendtorch.stages.edits import refuse_unfinished
from ascendtorch.stages.materialise import BRANCH
from ascendtorch.stages.results import FetchedTree

_FORMAT = "%H%x00%P%x00%an%x00%ae%x00%ad%x00%B%x00"
_FIELDS = 6
_GITLINK = "160000"


@dataclass(frozen=True)
class Commit:
    """One commit over the pin.

    Attributes:
        repository: the submodule's path; empty for the release.
        parents: usually one.
        subject: the first paragraph of its message on one line.
        body: the rest of it.
        paths: files it changes; submodules it records are not among them.
        links: by path, the commit of each submodule that it records anew.
    """

    repository: str
    oid: str
    parents: tuple[str, ...]
    subject: str
    body: str
    author: git.Signature
    paths: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> tuple[str, str]:
        """Subject and body."""
        return self.subject, self.body

    @property
    def label(self) -> str:
        """What to call it in a message."""
        where = f" in {self.repository}" if self.repository else ""
        return f"{self.oid[:12]} ({self.subject}){where}"


def divide_message(text: str) -> tuple[str, str]:
    """Return subject and body of a commit message, as git divides it."""
    lines = text.strip("\n").split("\n")
    size = next((at for at, line in enumerate(lines) if not line.strip()), len(lines))
    subject = " ".join(" ".join(lines[:size]).split())
    return subject, "\n".join(lines[size:]).strip()


def open_repositories(fetched: FetchedTree) -> dict[str, git.Repository]:
    """Return the release and every present submodule."""
    return {name: git.Repository.at(fetched.tree / name) for name in ("", *sorted(fetched.modules))}


def read_commits(name: str, repository: git.Repository, base: str, head: str) -> tuple[Commit, ...]:
    """Read the commits from the pin (not included) to `head`, oldest first.

    Raises:
        EditedError: `head` does not come from the pin, or a merge is among them.
        PatchError: a submodule was added or removed.
    """
    if head == base:
        return ()
    where = repository.work_tree or repository.git_dir
    if repository.run("merge-base", "--is-ancestor", base, head, check=False).returncode != 0:
        raise EditedError(
            f"HEAD ({head[:12]}) does not come from the pinned commit {base[:12]}",
            stage=STAGE,
            path=where,
            remedy="put your commits on top of the pin with `git rebase`",
        )
    raw = repository.run(
        *("-c", "log.showSignature=false", "-c", "i18n.logOutputEncoding=UTF-8"),
        *("log", "--reverse", "--topo-order", "--date=raw", f"--format={_FORMAT}"),
        f"{base}..{head}",
    ).text
    fields = raw.split("\0")
    return tuple(
        _commit(name, repository, where, fields[at : at + _FIELDS])
        for at in range(0, len(fields) - 1, _FIELDS)
    )


def _commit(name: str, repository: git.Repository, where: Path, fields: list[str]) -> Commit:
    oid, parents, author, address, date, message = fields
    oid = oid.strip()
    if len(parents.split()) != 1:
        raise EditedError(
            f"{oid[:12]} is a merge; a series is a line of commits",
            stage=STAGE,
            path=where,
            remedy="make it one with `git rebase refs/ascendtorch/base`",
        )
    subject, body = divide_message(message)
    changes = repository.diff_trees(parents, oid)
    links = {}
    for change in changes:
        modes = (change.old_mode, change.new_mode)
        if modes == (_GITLINK, _GITLINK):
            links[change.path] = change.new_oid
        elif _GITLINK in modes:
            raise PatchError(
                f"{oid[:12]} ({subject}) adds or removes the submodule {change.path}",
                stage=STAGE,
                path=where,
                remedy="submodules are pinned in version.yaml; take this out of the commit",
            )
    return Commit(
        name,
        oid,
        tuple(parents.split()),
        subject,
        body,
        git.Signature(author, address, date),
        tuple(change.path for change in changes if change.path not in links),
        links,
    )


def read_all(
    fetched: FetchedTree, repositories: Mapping[str, git.Repository]
) -> dict[str, tuple[Commit, ...]]:
    """Read the commits of every repository of the tree.

    Raises:
        EditedError: something is begun and not finished, or our branch holds commits that HEAD
            lacks.
    """
    found = {}
    for name, repository in repositories.items():
        refuse_unfinished(repository, fetched.tree / name, STAGE)
        base = fetched.modules[name] if name else fetched.spec.upstream.commit
        found[name] = read_commits(name, repository, base, repository.head() or base)
    return found


def hidden_branch(repository: git.Repository, ours: set[str]) -> str | None:
    """Return the tip of our branch when it holds a person's commits that HEAD does not show."""
    tip, head = repository.resolve(BRANCH), repository.head()
    if tip is None or head is None or tip in ours or tip == head:
        return None
    shown = repository.run("merge-base", "--is-ancestor", tip, head, check=False).returncode == 0
    return None if shown else tip
