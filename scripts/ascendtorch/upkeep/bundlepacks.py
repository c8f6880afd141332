"""Packs of a bundle: made from the object cache, and checked by git before they enter one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Callable

from ascendtorch.edge import git, process
from ascendtorch.edge.files import host_errors
from ascendtorch.edge.scratch import scratch_folder
from ascendtorch.errors import FetchError
from ascendtorch.report.reporter import Reporter
from ascendtorch.stages.object_cache import ObjectCache, init_bare
from ascendtorch.upkeep.bundlefile import STAGE, Bundle
from ascendtorch.upkeep.bundlemanifest import Pack
from ascendtorch.upkeep.scratch import ScratchRepository

_HASH_BYTES = 20
#: What old tools wrote, harmless, and part of a pinned hash: git takes it in a fetch, too.
_OLD_WAYS = "zeroPaddedFilemode=ignore,badFilemode=ignore,badTimezone=ignore"


def make_pack(cache: ObjectCache, url: str, commits: Sequence[str], target: Path) -> None:
    """Write these commits whole, without their history, as a pack of their own.

    What the cache holds came from a server, packed as that server liked. Here every object is
    packed anew by itself and in one order, so that the same commits give the same bytes.

    Raises:
        FetchError: the cache is damaged; it was moved aside.
    """
    base = target.with_name(f"{target.name}.made")
    # git begins a pack in the folder of the objects, and leaves it there where it dies.
    own = target.with_name(f"{target.name}.objects")
    repository = ScratchRepository(cache.repository(url), own)
    try:
        objects = repository.run(
            "rev-list", "--objects", "--no-walk=unsorted", *sorted(commits)
        ).stdout
        repository.run(
            *("pack-objects", "-q", "--threads=1", "--window=0", "--compression=6"),
            *("--no-reuse-object", "--no-reuse-delta", str(base)),
            stdin=objects,
        )
    except process.ProcessFailedError as error:
        refused = git.host_error(error.result.error_text, stage=STAGE, path=target.parent)
        if refused is not None:
            raise refused from error
        aside = cache.quarantine(url)
        raise FetchError(
            f"the cache of {url} is damaged: {error}",
            stage=STAGE,
            path=aside,
            remedy="it was moved aside: run the same command again, with a network",
        ) from error
    (made,) = base.parent.glob(f"{base.name}-*.pack")
    made.replace(target)
    made.with_suffix(".idx").unlink()


def filler(bundle: Bundle, pack: Pack) -> Callable[[git.Repository, list[str]], None]:
    """Return what puts a pack into an empty repository once git has found it whole."""

    def fill(repository: git.Repository, _: list[str]) -> None:
        put(bundle, pack, repository)

    return fill


def put(bundle: Bundle, pack: Pack, repository: git.Repository) -> None:
    """Put a pack into an empty repository and have git check every object and link in it.

    Raises:
        FetchError: the pack is damaged, lacks objects, or does not hold its commits.
    """
    folder = repository.git_dir / "objects" / "pack"
    incoming = folder / "incoming"
    bundle.extract(pack, incoming)
    with incoming.open("rb") as stream:
        stream.seek(max(pack.size - _HASH_BYTES, 0), os.SEEK_SET)
        # The pack's own checksum, by which git names it and which index-pack checks.
        path = folder / f"pack-{stream.read().hex()}.pack"
    incoming.rename(path)
    # The history ends at the pins; without this the missing parents would be broken links.
    (repository.git_dir / "shallow").write_text("".join(f"{oid}\n" for oid in pack.commits))
    # Of a file that claims to be huge git must not make a buffer before it has seen one byte.
    done = repository.run(
        *("-c", "core.bigFileThreshold=32m"),
        *("index-pack", f"--strict={_OLD_WAYS}", str(path)),
        check=False,
    )
    if done.returncode != 0:
        refused = git.host_error(done.error_text, stage=STAGE, path=path)
        raise refused or _refuse(bundle, f"git refuses {pack.name}: {done.error_text}")
    for commit in pack.commits:
        kind = repository.run("cat-file", "-t", commit, check=False).text.strip()
        if kind != "commit":
            raise _refuse(bundle, f"{pack.name} does not hold the commit {commit} of {pack.url}")


def scratch_place(cache: ObjectCache) -> Path:
    """Return the folder for what is on its way; it lies in the cache, for it may be large."""
    return cache.root / "scratch"


def check_packs(bundle: Bundle, cache: ObjectCache, reporter: Reporter) -> None:
    """Have git check every pack, in a folder that is removed again.

    Raises:
        FetchError: one is damaged, or lacks the commits that the manifest names.
    """
    packs = bundle.manifest.packs
    with (
        host_errors(STAGE, cache.root),
        reporter.progress(STAGE, "checking packs") as advance,
    ):
        for number, pack in enumerate(packs, 1):
            with scratch_folder(scratch_place(cache)) as scratch:
                put(bundle, pack, init_bare(scratch / "git"))
            advance(number, len(packs), pack.url)


def _refuse(bundle: Bundle, cause: str) -> FetchError:
    return FetchError(
        cause,
        stage=STAGE,
        path=bundle.path,
        remedy="do not use this file; make it anew with `ascendtorch bundle create`",
    )
