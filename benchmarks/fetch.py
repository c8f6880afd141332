"""Fetching a release with its submodules: stock git against ``ascendtorch gen --only fetch``."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import timing

from ascendtorch.edge import process
from ascendtorch.errors import AscendTorchError
from ascendtorch.spec.mirrors import Mirrors, load_mirrors
from ascendtorch.spec.version import VersionSpec, load_version
from ascendtorch.stages.object_cache import ObjectCache

GOALS = {
    name: timing.Goal("ratio", x)
    for name, x in (("cold", 1 / 2), ("needed", 1 / 4), ("warm", 1 / 10))
}


@dataclass(frozen=True)
class Bench:
    """Where one benchmark runs: its folder, the release, and both sides' environment."""

    folder: Path
    spec: VersionSpec
    env: dict[str, str]
    counts: dict[str, int]

    def tree(self, name: str) -> Path:
        """The tree that a case makes."""
        return self.folder / "trees" / name


def main() -> None:
    """Measure and print."""
    options = _options()
    before = timing.load()
    with (
        timing.work_folder(options.workdir) as work,
        tempfile.TemporaryDirectory(prefix="run-", dir=work) as scratch,
    ):
        try:
            spec = load_version(timing.ROOT / "patch" / options.version)
            mirrors = load_mirrors(options.mirrors) if options.mirrors else Mirrors()
            if options.prepare:
                mirrors = prepare(spec, mirrors, work / f"mirrors-{options.version}")
        except (AscendTorchError, process.ProcessFailedError, process.StalledError) as error:
            raise timing.BenchmarkError(str(error)) from error
        bench = _set_up(Path(scratch), spec, mirrors)
        results = timing.measure(_cases(bench), options.runs)
    for name in ("cold cache", "warm cache"):
        if bench.counts[name] != bench.counts["git"]:
            raise timing.BenchmarkError(f"not the same trees; files: {bench.counts}")
    timing.report(
        f"fetch of {spec.upstream.tag} and {len(spec.submodules)} submodules, "
        f"{bench.counts['git']} files",
        results,
        before,
        as_json=options.json,
    )


def _options() -> argparse.Namespace:
    parser = timing.parser(__doc__ or "", runs=3)
    parser.add_argument("-v", "--version", default="1.8.1", metavar="X.Y.Z")
    parser.add_argument("--mirrors", type=Path, metavar="FILE", help="mirror map, as for gen")
    parser.add_argument(
        "--prepare",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="first copy exactly the pinned commits to clean local mirrors and use these on both "
        "sides (kept in --workdir); --no-prepare fetches from the mirrors as they are",
    )
    options: argparse.Namespace = parser.parse_args()
    return options


def prepare(spec: VersionSpec, mirrors: Mirrors, folder: Path) -> Mirrors:
    """Make a bare repository per remote with the pinned commits alone; return the map to them.

    Stock git starts from a branch: every mirror's is ``master``, at one of its pins.
    """
    made = ObjectCache(folder)
    rules = []
    for url, commits in _pins(spec).items():
        lacking = [commit for commit in commits if not made.packs(url, commit)]
        repository = made.repository(url)
        rules.append((url, repository.git_dir.as_uri()))
        if lacking:
            print(f"  mirror of {url}: {len(lacking)} commits", file=sys.stderr, flush=True)
            source = mirrors.source(url)
            made.add(url, lacking, source, stall_seconds=120.0)
        repository.set_ref("refs/heads/master", commits[0])
        repository.run("symbolic-ref", "HEAD", "refs/heads/master")
        repository.run("config", "uploadpack.allowAnySHA1InWant", "true")
        if commits[0] == spec.upstream.commit:
            repository.set_ref(f"refs/tags/{spec.upstream.tag}", commits[0])
    return Mirrors(tuple(rules))


def _pins(spec: VersionSpec) -> dict[str, list[str]]:
    """Return the pinned commits of every remote, by its URL without ``.git``."""
    pins = {_plain(spec.upstream.url): [spec.upstream.commit]}
    for module in spec.submodules:
        commits = pins.setdefault(_plain(module.url), [])
        if module.commit not in commits:
            commits.append(module.commit)
    return pins


def _plain(url: str) -> str:
    return url[: -len(".git")] if url.endswith(".git") else url


def _set_up(folder: Path, spec: VersionSpec, mirrors: Mirrors) -> Bench:
    sources = {url: mirrors.source(url).url for url in _pins(spec)}
    rules = [{"from": url, "to": target} for url, target in sources.items() if target != url]
    (folder / "mirrors.yaml").write_text(json.dumps(rules))
    (folder / "gitconfig").write_text(_git_config(sources))
    # A workspace of its own: the benchmark must never touch the trees of the checkout.
    (folder / "workspace").mkdir()
    (folder / "workspace" / "patch").symlink_to(timing.ROOT / "patch")
    env = timing.environment(
        folder,
        GIT_CONFIG_GLOBAL=str(folder / "gitconfig"),
        ASCENDTORCH_ROOT=str(folder / "workspace"),
    )
    bench = Bench(folder, spec, env, {})
    # Also reads every mirror once, so that no timed case is the one that waits for the disk.
    _fetch(bench, "warm cache", ())
    return bench


def _git_config(sources: Mapping[str, str]) -> str:
    """Return the configuration by which stock git uses the same mirrors, and nothing else."""
    text = "[protocol]\n\tallow = never\n"
    for scheme in sorted({urlsplit(target).scheme for target in sources.values()}):
        text += f'[protocol "{scheme}"]\n\tallow = always\n'
    for url, target in sources.items():
        # .gitmodules and version.yaml need not agree on the ending.
        text += f'[url "{target}"]\n\tinsteadOf = {url}\n\tinsteadOf = {url}.git\n'
    return text


def _cases(bench: Bench) -> list[timing.Case]:
    asked: list[tuple[str, str, tuple[str, ...]]] = [
        ("cold cache", "cold", ()),
        ("cold, needed, full", "needed", ("--submodules", "needed", "--profile", "full")),
        ("cold, needed, lean", "needed", ("--submodules", "needed", "--profile", "lean")),
        ("warm cache", "warm", ()),
    ]
    after = partial(_count, bench)
    cases = [
        timing.Case(
            "git", partial(_stock_git, bench), partial(_clear, bench), partial(after, "git")
        )
    ]
    for name, goal, options in asked:
        if "lean" in options and "lean" not in bench.spec.profiles:
            continue
        cases.append(
            timing.Case(
                name,
                partial(_fetch, bench, name, options),
                partial(_clear, bench),
                partial(after, name),
                GOALS[goal],
            )
        )
    return cases


def _stock_git(bench: Bench) -> None:
    upstream, tree = bench.spec.upstream, str(bench.tree("git"))
    clone = ["clone", "--depth", "1", "-b", upstream.tag, upstream.url, tree]
    update = ["submodule", "update", "--init", "--recursive", "--depth", "1"]
    timing.call(["git", *clone], bench.env)
    timing.call(["git", "-C", tree, *update], bench.env)


def _fetch(bench: Bench, name: str, options: tuple[str, ...]) -> None:
    command = timing.tool(
        *("gen", "-v", bench.spec.version, "--only", "fetch", *options),
        *("--mirrors", str(bench.folder / "mirrors.yaml"), "--tree", str(bench.tree(name))),
    )
    timing.call(command, {**bench.env, "ASCENDTORCH_CACHE": str(bench.folder / "caches" / name)})


def _clear(bench: Bench) -> None:
    """Remove all trees and all caches but the warm one, and let the disk come to rest."""
    for made in [*bench.folder.glob("trees/*"), *bench.folder.glob("caches/*")]:
        if made != bench.folder / "caches" / "warm cache":
            shutil.rmtree(made)
    os.sync()


def _count(bench: Bench, name: str) -> None:
    """Note how many files a case checked out, and that it is the pinned commit."""
    tree = bench.tree(name)
    head = timing.call(["git", "-C", str(tree), "rev-parse", "HEAD"], bench.env).decode().strip()
    if head != bench.spec.upstream.commit:
        raise timing.BenchmarkError(f"{name} checked out {head}")
    total = 0
    for _, folders, files in os.walk(tree):
        if ".git" in folders:
            folders.remove(".git")
        total += sum(file != ".git" for file in files)
    bench.counts[name] = total


if __name__ == "__main__":
    sys.exit(timing.guarded(main))
