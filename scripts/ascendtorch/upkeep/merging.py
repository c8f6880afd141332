"""git's own three-way merge of three texts."""

from __future__ import annotations

import functools

from ascendtorch.edge import git, process
from ascendtorch.edge.scratch import scratch_folder
from ascendtorch.upkeep.nearly import Merge

#: What git merge-file ends with when it cannot merge at all.
_BROKEN = 255


def merger(repository: git.Repository, ours: str, theirs: str) -> Merge:
    """Return a function that merges three texts.

    Args:
        repository: any; git wants one to run in.
        ours: label of the release's side of a conflict.
        theirs: label of the patch's side.
    """

    # A file of one hunk is merged as a whole, and then that hunk alone.
    @functools.lru_cache(maxsize=1)
    def merge(mine: bytes, base: bytes, patched: bytes) -> tuple[bytes, int]:
        with scratch_folder() as folder:
            names = []
            for name, data in (("ours", mine), ("base", base), ("theirs", patched)):
                (folder / name).write_bytes(data)
                names.append(str(folder / name))
            done = repository.run(
                *("merge-file", "-p", "-q", "-L", ours, "-L", "before the patch", "-L", theirs),
                *names,
                check=False,
            )
        if done.returncode < 0 or done.returncode >= _BROKEN:
            raise process.ProcessFailedError(done)
        return done.stdout, done.returncode

    return merge
