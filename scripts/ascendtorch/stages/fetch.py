"""Fetch: the pinned commit and its submodules, through the object cache, into a tree of our own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ascendtorch.edge import interrupts, process
from ascendtorch.edge.files import host_errors
from ascendtorch.errors import AscendTorchError, EditedError, FetchError, HostError
from ascendtorch.plan import Plan
from ascendtorch.report.reporter import Advance, Reporter
from ascendtorch.spec.mirrors import Mirrors, Source, plain_url
from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages import materialise, receipts
from ascendtorch.stages.fetch_errors import classify, essence
from ascendtorch.stages.object_cache import ObjectCache
from ascendtorch.stages.parking import bring_back
from ascendtorch.stages.results import FetchedTree

STAGE = "fetch"


@dataclass(frozen=True)
class FetchOptions:
    """How to reach the remotes; times in seconds."""

    mirrors: Mirrors = field(default_factory=Mirrors)
    offline: bool = False
    tries: int = 3
    stall_seconds: float = 120.0
    parallel: int = 8


@dataclass(frozen=True)
class _Remote:
    url: str
    commits: tuple[str, ...]
    source: Source


def load(spec: VersionSpec, tree: Path) -> FetchedTree | None:
    """Return the fetched tree that a receipt describes; None where there is none of this version.

    Raises:
        EditedError: the folder holds something that is not ours.
    """
    receipt = receipts.load(tree / ".git" / "ascendtorch", STAGE)
    if receipt is None and materialise.recognise(spec, tree):
        receipt = receipts.load(tree / ".git" / "ascendtorch", STAGE)
    if receipt is None:
        if tree.exists() and any(tree.iterdir()):
            raise EditedError(
                "this folder is not empty and was not made by ascendtorch",
                stage=STAGE,
                path=tree,
                remedy="move it away, or name another folder with --tree",
            )
        return None
    if receipt["version"] != spec.version or receipt["base"] != spec.upstream.commit:
        return None
    return FetchedTree(spec, tree, dict(receipt["modules"]))


def fetch(
    plan: Plan,
    *,
    tree: Path,
    parked: Path,
    cache: ObjectCache,
    options: FetchOptions,
    reporter: Reporter,
) -> FetchedTree:
    """Give the plan's tree: fetch what the cache lacks, check every pin, check it out.

    A tree of another version is set aside under `parked` with all it holds, and taken back when
    it is asked for again.

    Raises:
        FetchError: a pin cannot be had or is not what the release says.
        EditedError: the folder holds something that is not ours.
    """
    with host_errors(STAGE, tree):
        bring_back(plan.spec, tree, parked, reporter)
        present = load(plan.spec, tree)
        have = present.modules if present else {}
        wanted = {m.path: m.commit for m in plan.submodules}
        if present and all(have.get(path) == commit for path, commit in wanted.items()):
            reporter.say(STAGE, f"up to date: {plan.spec.upstream.tag}, {len(have)} submodules")
            return present
        pins = {plan.spec.upstream.commit: plan.spec.upstream.url} if not present else {}
        missing = [m for m in plan.submodules if have.get(m.path) != m.commit]
        remotes = _group(
            [*((u, c) for c, u in pins.items()), *((m.url, m.commit) for m in missing)],
            options.mirrors,
        )
        damaged: set[str] = set()
        while True:
            try:
                return _make(plan, present, tree, cache, remotes, options, reporter)
            except materialise.DamagedError as error:
                aside = cache.quarantine(error.url)
                if error.url in damaged:
                    raise FetchError(
                        str(error),
                        stage=STAGE,
                        path=aside,
                        remedy="check the disk, then run the same command again",
                    ) from error
                damaged.add(error.url)
                reporter.warn(STAGE, f"damaged cache of {error.url}, fetching anew (old: {aside})")


def fill_cache(
    plan: Plan, cache: ObjectCache, options: FetchOptions, reporter: Reporter
) -> dict[str, tuple[str, ...]]:
    """Put every pin of a plan into the cache, and no tree anywhere; return the commits by URL.

    Raises:
        FetchError: a pin cannot be had.
    """
    upstream = plan.spec.upstream
    pins = [(upstream.url, upstream.commit), *((m.url, m.commit) for m in plan.submodules)]
    remotes = _group(pins, options.mirrors)
    with host_errors(STAGE, cache.root):
        _fill_cache(cache, remotes, options, reporter, lambda _: None)
    return {remote.url: remote.commits for remote in remotes}


def _make(
    plan: Plan,
    present: FetchedTree | None,
    tree: Path,
    cache: ObjectCache,
    remotes: list[_Remote],
    options: FetchOptions,
    reporter: Reporter,
) -> FetchedTree:
    started = time.monotonic()
    if present is None:
        # What has arrived is checked out while the rest is still on its way.
        with materialise.NewTree(plan, tree, cache) as making:
            _fill_cache(cache, remotes, options, reporter, making.start)
            with reporter.progress(STAGE, "checking out") as advance:
                making.finish(advance)
    else:
        _fill_cache(cache, remotes, options, reporter, lambda _: None)
        with reporter.progress(STAGE, "checking out") as advance:
            materialise.add_modules(plan, present, cache, advance)
    result = load(plan.spec, tree)
    if result is None:
        raise FetchError(
            "the tree vanished while it was made",
            stage=STAGE,
            path=tree,
            remedy="run the same command again",
        )
    reporter.say(
        STAGE,
        f"{plan.spec.upstream.tag} and {len(result.modules)} submodules are there "
        f"({time.monotonic() - started:.1f} s)",
    )
    return result


def _group(pins: list[tuple[str, str]], mirrors: Mirrors) -> list[_Remote]:
    remotes: dict[str, tuple[str, list[str]]] = {}
    for url, commit in pins:
        _, commits = remotes.setdefault(plain_url(url), (url, []))
        if commit not in commits:
            commits.append(commit)
    return [_Remote(url, tuple(c), mirrors.source(url)) for url, c in remotes.values()]


def _fill_cache(
    cache: ObjectCache,
    remotes: list[_Remote],
    options: FetchOptions,
    reporter: Reporter,
    on_cached: Callable[[str], None],
) -> None:
    """Fetch what the cache lacks, calling `on_cached` with each URL once all of it is there."""
    cache.sweep()
    lacking = [r for r in remotes if any(cache.find(r.url, c) is None for c in r.commits)]
    if options.offline:
        _refuse_network(cache, [r for r in lacking if r.source.protocols != ("file",)])
    for remote in remotes:
        if remote not in lacking:
            on_cached(remote.url)
    if not lacking:
        return
    reporter.say(
        STAGE,
        f"fetching {sum(len(r.commits) for r in lacking)} pinned commits from "
        f"{len(lacking)} repositories",
    )
    failures: list[AscendTorchError] = []
    started = time.monotonic()
    with reporter.progress(STAGE, "repositories") as advance:
        failures = _fetch_all(cache, lacking, options, reporter, advance, on_cached)
    if failures:
        kept = len(lacking) - len(failures)
        raise FetchError(
            f"{len(failures)} of {len(lacking)} repositories could not be fetched "
            f"({kept} are kept for the next run):\n"
            + "\n".join(
                f"  {error.path}: {error.cause}\n    remedy: {error.remedy}" for error in failures
            ),
            stage=STAGE,
            path=cache.root,
            remedy="clear the causes named above and run the same command again",
        )
    reporter.say(STAGE, f"fetched in {time.monotonic() - started:.1f} s")


def _fetch_all(
    cache: ObjectCache,
    lacking: list[_Remote],
    options: FetchOptions,
    reporter: Reporter,
    advance: Advance,
    on_cached: Callable[[str], None],
) -> list[AscendTorchError]:
    failures: list[AscendTorchError] = []
    stop = threading.Event()
    # Small ones last would leave one core idle behind a large one: the release itself goes first.
    jobs: dict[Future[None], _Remote] = {}
    with ThreadPoolExecutor(options.parallel) as pool:
        try:
            with interrupts.deferred():
                for remote in lacking:
                    job = pool.submit(_fetch_one, cache, remote, options, reporter, stop)
                    jobs[job] = remote
            for number, job in enumerate(interrupts.finished(jobs), 1):
                try:
                    job.result()
                    on_cached(jobs[job].url)
                except (FetchError, HostError) as error:
                    failures.append(error)
                advance(number, len(lacking), jobs[job].url)
        except BaseException:
            stop.set()
            for job in jobs:
                job.cancel()
            process.end_live_sessions()
            raise
    return failures


def _fetch_one(
    cache: ObjectCache,
    remote: _Remote,
    options: FetchOptions,
    reporter: Reporter,
    stop: threading.Event,
) -> None:
    for attempt in range(1, options.tries + 1):
        try:
            with host_errors(STAGE, cache.root):
                cache.add(
                    remote.url,
                    remote.commits,
                    remote.source,
                    stall_seconds=options.stall_seconds,
                    on_wait=lambda text: reporter.say(STAGE, text),
                    cancelled=stop.is_set,
                )
            return
        except (FetchError, process.StalledError) as error:
            text = error.cause if isinstance(error, FetchError) else str(error)
            kind = classify(text)
            again = kind.transient and attempt < options.tries
            if again and not stop.wait(2.0 ** (attempt - 1)):
                continue
            tried = f" (tried {attempt} times)" if attempt > 1 else ""
            raise FetchError(
                f"{kind.cause}{tried}: {essence(text)}",
                stage=STAGE,
                path=remote.source.url,
                remedy=kind.remedy,
            ) from error


def _refuse_network(cache: ObjectCache, lacking: list[_Remote]) -> None:
    lines = [
        f"  {remote.url} {commit}"
        for remote in lacking
        for commit in remote.commits
        if cache.find(remote.url, commit) is None
    ]
    if lines:
        raise FetchError(
            f"--offline, and the cache lacks {len(lines)} pinned commits:\n" + "\n".join(lines),
            stage=STAGE,
            path=cache.root,
            remedy="run once with a network, or map them to local repositories (--mirrors FILE)",
        )
