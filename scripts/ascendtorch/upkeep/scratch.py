"""Repositories whose new objects go to a scratch folder: whatever is tried leaves no trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ascendtorch.edge import git, process


class ScratchRepository(git.Repository):
    """A repository as it is, with a place of its own for what is made in it.

    Args:
        inner: the repository; nothing in it changes.
        objects: a folder for new objects.
        others: object folders to read from as well.
    """

    def __init__(self, inner: git.Repository, objects: Path, others: Sequence[Path] = ()) -> None:
        super().__init__(inner.git_dir, inner.work_tree)
        objects.mkdir(parents=True, exist_ok=True)
        (objects / "info").mkdir(exist_ok=True)
        places = (inner.git_dir / "objects", *others)
        # A file, not the variable: a folder's name may hold what separates names there.
        lines = "".join(f"{place.resolve()}\n" for place in places)
        (objects / "info" / "alternates").write_text(lines, "utf-8")
        self.objects = objects

    def run(
        self,
        *arguments: str,
        index: Path | None = None,
        stdin: bytes | None = None,
        check: bool = True,
        extra: Mapping[str, str] | None = None,
    ) -> process.Result:
        """Run one git command that writes objects to the scratch folder."""
        places = {"GIT_OBJECT_DIRECTORY": str(self.objects), **(extra or {})}
        return super().run(*arguments, index=index, stdin=stdin, check=check, extra=places)


def scratch_repositories(
    repositories: Mapping[str, git.Repository], folder: Path
) -> dict[str, git.Repository]:
    """Return the same repositories, each with a scratch place below `folder`."""
    return {
        name: ScratchRepository(repository, folder / f"objects-{number}")
        for number, (name, repository) in enumerate(sorted(repositories.items()))
    }
