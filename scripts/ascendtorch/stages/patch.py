"""Patch: the series as commits over the pin, from the first patch that changed on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ascendtorch.edge import git, process
from ascendtorch.edge.files import host_errors
from ascendtorch.errors import EditedError, PatchError
from ascendtorch.report.reporter import Reporter
from ascendtorch.series.parts import split
from ascendtorch.series.patchfile import PatchFile
from ascendtorch.series.series import Series, load_series
from ascendtorch.stages import promote, receipts
from ascendtorch.stages.chain import STAGE, Link, build_chain
from ascendtorch.stages.edits import refuse_unfinished
from ascendtorch.stages.materialise import BRANCH, parent_module
from ascendtorch.stages.results import FetchedTree, PatchedTree

#: Receipt of an export: the heads it was made of, and the series it wrote.
EXPORTED = "export"


def load(fetched: FetchedTree) -> PatchedTree | None:
    """Return the patched tree that the receipt describes, or None."""
    receipt = receipts.load(fetched.state, STAGE)
    if receipt is None or promote.pending(fetched.state) is not None:
        return None
    links = links_of(receipt)
    heads = links[-1].heads if links else dict(receipt["bases"])
    return PatchedTree(
        fetched,
        {link.name: link.digest for link in links},
        heads[""],
        {name: head for name, head in heads.items() if name},
    )


def patch(fetched: FetchedTree, *, force: bool, reporter: Reporter) -> PatchedTree:
    """Bring the tree to the state the series describes.

    Args:
        force: set a person's commits aside in a reference and copy edited files before going on.

    Raises:
        PatchError: a patch is malformed or does not apply exactly; the tree is untouched.
        EditedError: a person's work would be overwritten; the tree is untouched.
    """
    with host_errors(STAGE, fetched.tree), git_errors(fetched.tree):
        series = load_series(fetched.spec.series_file)
        for name in series.unlisted:
            reporter.warn(STAGE, f"{series.path.parent / name} is not listed in {series.path.name}")
        complete(fetched, force, reporter)
        bases = bases_of(fetched, series)
        receipt = receipts.load(fetched.state, STAGE)
        before = {name for name in (receipt["bases"] if receipt else ()) if name in fetched.modules}
        repositories = {
            name: git.Repository.at(fetched.tree / name) for name in sorted({*bases, *before})
        }
        known_bases = receipt is not None and receipt["bases"] == bases
        links = links_of(receipt) if receipt is not None and known_bases else ()
        wanted = [(item.name, item.digest) for item in series.patches]
        expected = _expected(receipt, fetched)
        heads = {name: repo.head() or "" for name, repo in repositories.items()}
        moved = {name: head for name, head in heads.items() if head != expected[name]}
        ours = _commits(links_of(receipt) if receipt else (), {**expected, **bases})
        ours |= _exported(fetched, wanted)
        unchanged = known_bases and [(link.name, link.digest) for link in links] == wanted
        # A tree that was reset to one of our commits is brought forward again.
        reset = set(moved.values()) & ours and not repositories[""].unfinished()
        if unchanged and not reset:
            _report_unchanged(repositories[""], links, moved, reporter)
        else:
            _apply(fetched, series, links, repositories, bases, heads, ours, force, reporter)
        result = load(fetched)
    if result is None:
        raise ValueError("the patch receipt vanished")
    return result


@contextlib.contextmanager
def git_errors(tree: Path) -> Iterator[None]:
    """Turn a git that fails on the tree into an error that a person can act on."""
    try:
        yield
    except process.ProcessFailedError as error:
        refused = git.host_error(error.result.error_text, stage=STAGE, path=tree)
        if refused is not None:
            raise refused from error
        raise PatchError(
            f"git failed on the tree: {error.result.error_text or error}",
            stage=STAGE,
            path=tree,
            remedy="see what `git status` and `git fsck` say there; when the cause is gone, run "
            "the same command again",
        ) from error


def bases_of(fetched: FetchedTree, series: Series) -> dict[str, str]:
    """Return the pin of the release and of every present submodule that the series touches."""
    known = tuple(module.path for module in fetched.spec.submodules)
    touched = {
        part.repository for item in series.patches for part in split(item, fetched.modules, known)
    }
    for name in tuple(touched):
        parent = parent_module(name, fetched.spec)
        while parent is not None:
            touched.add(parent)
            parent = parent_module(parent, fetched.spec)
    bases = {name: fetched.modules[name] for name in sorted(touched) if name}
    return {"": fetched.spec.upstream.commit, **bases}


def links_of(receipt: Mapping[str, Any]) -> tuple[Link, ...]:
    """Return what the receipt says of each patch that was applied, in order."""
    return tuple(Link(e["name"], e["digest"], dict(e["heads"])) for e in receipt["links"])


def _expected(receipt: Mapping[str, Any] | None, fetched: FetchedTree) -> dict[str, str]:
    """Return the commits that our last run left checked out."""
    heads = {"": fetched.spec.upstream.commit, **fetched.modules}
    if receipt is not None:
        heads.update(receipt["bases"])
        links = links_of(receipt)
        heads.update(links[-1].heads if links else {})
    return heads


def _commits(links: tuple[Link, ...], bases: Mapping[str, str]) -> set[str]:
    return {commit for link in links for commit in link.heads.values()} | set(bases.values())


def _exported(fetched: FetchedTree, series: list[tuple[str, str]]) -> set[str]:
    """Return a person's commits of which this very series was made: nothing in them is lost."""
    receipt = receipts.load(fetched.state, EXPORTED)
    if receipt is None or [tuple(entry) for entry in receipt["patches"]] != series:
        return set()
    return set(receipt["heads"].values())


def complete(fetched: FetchedTree, force: bool, reporter: Reporter) -> None:
    """Finish a promotion that was cut off."""
    journal = promote.pending(fetched.state)
    if journal is None:
        return
    moves = promote.moves_of(journal)
    repositories = {
        move.repository: git.Repository.at(fetched.tree / move.repository) for move in moves
    }
    ours = {commit for move in moves for commit in (move.old, move.new)}
    _set_commits_aside(fetched, repositories, ours, force, reporter)
    promote.promote(moves, repositories, fetched.state, journal["receipt"], force=force)
    receipts.save(fetched.state, STAGE, **journal["receipt"])
    promote.finish(fetched.state)
    reporter.say(STAGE, "completed the run that was cut off")


def _apply(
    fetched: FetchedTree,
    series: Series,
    links: tuple[Link, ...],
    repositories: Mapping[str, git.Repository],
    bases: dict[str, str],
    heads: Mapping[str, str],
    ours: set[str],
    force: bool,
    reporter: Reporter,
) -> None:
    kept = _common(links, series.patches)
    if kept and not all(repositories[n].has(f"{c}^{{tree}}") for n, c in kept[-1].heads.items()):
        kept = ()
    known = tuple(module.path for module in fetched.spec.submodules)
    made = build_chain(series.patches, kept, repositories, bases, known)
    _set_commits_aside(fetched, repositories, ours | _commits(made, {}), force, reporter)
    final = made[-1].heads if made else bases
    receipt = {
        "bases": bases,
        "links": [{"name": x.name, "digest": x.digest, "heads": x.heads} for x in made],
    }
    # A submodule that the series no longer touches goes back to its pin.
    goals = {name: final.get(name) or fetched.modules[name] for name in repositories}
    moves = [
        promote.Move(name, heads[name] or goal, goal)
        for name, goal in goals.items()
        if heads[name] != goal
    ]
    written = (
        promote.promote(moves, repositories, fetched.state, receipt, force=force) if moves else 0
    )
    receipts.save(fetched.state, STAGE, **receipt)
    promote.finish(fetched.state)
    reporter.say(
        STAGE,
        f"{len(made)} patches: {len(kept)} kept, {len(made) - len(kept)} applied, "
        f"{written} files written",
    )


def _common(links: tuple[Link, ...], patches: tuple[PatchFile, ...]) -> tuple[Link, ...]:
    count = 0
    for link, item in zip(links, patches):
        if (link.name, link.digest) != (item.name, item.digest):
            break
        count += 1
    return links[:count]


def _report_unchanged(
    repository: git.Repository,
    links: tuple[Link, ...],
    moved: Mapping[str, str],
    reporter: Reporter,
) -> None:
    notes = [f"up to date: {len(links)} patches"]
    if moved:
        notes.append("your own commits are on top (not in the series yet)")
    edited = repository.edited()
    if edited:
        notes.append(f"{len(edited)} files edited by hand, left as they are")
    reporter.say(STAGE, "; ".join(notes))


def _set_commits_aside(
    fetched: FetchedTree,
    repositories: Mapping[str, git.Repository],
    ours: set[str],
    force: bool,
    reporter: Reporter,
) -> None:
    """Keep a person's commits, which the tree will no longer show, or refuse without `force`."""
    foreign: list[tuple[str, str]] = []
    for name, repository in repositories.items():
        refuse_unfinished(repository, fetched.tree / name, STAGE)
        tips = {repository.head(), repository.resolve(BRANCH)}
        foreign += [(name, tip) for tip in sorted(filter(None, tips)) if tip not in ours]
    if foreign and not force:
        names = ", ".join(dict.fromkeys(name or "the release" for name, _ in foreign))
        raise EditedError(
            f"there are commits of yours on top of the series (in {names})",
            stage=STAGE,
            path=fetched.tree,
            remedy="put them into the series with `ascendtorch patch export`, or pass --force, "
            "which keeps them under refs/ascendtorch/backup/",
        )
    for name, tip in foreign:
        kept = f"refs/ascendtorch/backup/{tip[:12]}"
        repositories[name].set_ref(kept, tip)
        reporter.warn(STAGE, f"commits of yours in {name or 'the release'} are kept as {kept}")
