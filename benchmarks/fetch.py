"""Fetching a release with its submodules: stock git against ``ascendtorch gen --only fetch``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import clean_mirrors
import running
import timing

from ascendtorch.edge import process
from ascendtorch.errors import AscendTorchError
from ascendtorch.spec.mirrors import Mirrors, load_mirrors
from ascendtorch.spec.version import VersionSpec, load_version

GOALS = {
    name: timing.Goal("ratio", x)
    for name, x in (("cold", 1 / 2), ("needed", 1 / 4), ("warm", 1 / 10))
}


@dataclass
class Bench:
    """Where one benchmark runs: its folder, the release, and both sides' environment.

    Every run gets a folder of its own and nothing is removed before the end: for a minute after
    a large removal ext4 makes new files many times slower, as it avoids the freed inodes.
    """

    folder: Path
    spec: VersionSpec
    env: dict[str, str]
    files: dict[str, int] = field(default_factory=dict)
    started: int = 0

    @property
    def current(self) -> Path:
        """The folder of this run."""
        return self.folder / f"{self.started:03d}"

    @property
    def tree(self) -> Path:
        """The tree that this run makes."""
        return self.current / "tree"

    def next_run(self) -> None:
        """Go to a new folder, with the disk at rest."""
        self.started += 1
        self.current.mkdir()
        os.sync()


def main() -> None:
    """Measure and print."""
    options = _options()
    before = timing.load()
    with (
        running.work_folder(options.workdir) as work,
        tempfile.TemporaryDirectory(prefix="run-", dir=work) as scratch,
    ):
        try:
            spec = load_version(running.ROOT / "patch" / options.version)
            mirrors = load_mirrors(options.mirrors) if options.mirrors else Mirrors()
            if options.prepare:
                mirrors = clean_mirrors.prepare(spec, mirrors, work / f"mirrors-{options.version}")
        except (AscendTorchError, process.ProcessFailedError, process.StalledError) as error:
            raise running.BenchmarkError(str(error)) from error
        bench = _set_up(Path(scratch), spec, mirrors)
        results = timing.measure(_cases(bench), options.runs)
    for name in ("cold cache", "warm cache"):
        if bench.files[name] != bench.files["git"]:
            raise running.BenchmarkError(f"not the same trees; files: {bench.files}")
    timing.report(
        f"fetch of {spec.upstream.tag} and {len(spec.submodules)} submodules, "
        f"{bench.files['git']} files",
        results,
        before,
        as_json=options.json,
    )


def _options() -> argparse.Namespace:
    parser = running.parser(__doc__ or "", runs=3)
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


def _set_up(folder: Path, spec: VersionSpec, mirrors: Mirrors) -> Bench:
    sources = {url: mirrors.source(url).url for url in clean_mirrors.pins_by_remote(spec)}
    rules = [{"from": url, "to": target} for url, target in sources.items() if target != url]
    (folder / "mirrors.yaml").write_text(json.dumps(rules))
    (folder / "gitconfig").write_text(clean_mirrors.git_config(sources))
    # A workspace of its own: the benchmark must never touch the trees of the checkout.
    (folder / "workspace").mkdir()
    (folder / "workspace" / "patch").symlink_to(running.ROOT / "patch")
    env = running.environment(
        folder,
        GIT_CONFIG_GLOBAL=str(folder / "gitconfig"),
        ASCENDTORCH_ROOT=str(folder / "workspace"),
    )
    bench = Bench(folder, spec, env)
    # Also reads every mirror once, so that no timed run is the one that waits for the disk.
    bench.next_run()
    _fetch(bench, folder / "warm-cache", ())
    return bench


def _cases(bench: Bench) -> list[timing.Case]:
    needed = ("--submodules", "needed", "--profile")
    made = [
        timing.Case(
            "git", partial(_stock_git, bench), bench.next_run, partial(_count, bench, "git")
        )
    ]
    for name, goal, options in (
        ("cold cache", "cold", ()),
        *((f"cold, needed, {p}", "needed", (*needed, p)) for p in bench.spec.profiles),
        ("warm cache", "warm", ()),
    ):
        cache = bench.folder / "warm-cache" if goal == "warm" else None
        run = partial(_fetch, bench, cache, options)
        made.append(
            timing.Case(name, run, bench.next_run, partial(_count, bench, name), GOALS[goal])
        )
    return made


def _stock_git(bench: Bench) -> None:
    upstream, tree = bench.spec.upstream, str(bench.tree)
    clone = ["clone", "--depth", "1", "-b", upstream.tag, upstream.url, tree]
    update = ["submodule", "update", "--init", "--recursive", "--depth", "1"]
    running.call(["git", *clone], bench.env)
    running.call(["git", "-C", tree, *update], bench.env)


def _fetch(bench: Bench, cache: Path | None, options: tuple[str, ...]) -> None:
    """Fetch with the tool; without `cache` with an empty one."""
    command = running.tool(
        *("gen", "-v", bench.spec.version, "--only", "fetch", *options),
        *("--mirrors", str(bench.folder / "mirrors.yaml"), "--tree", str(bench.tree)),
    )
    used = cache or bench.current / "cache"
    running.call(command, {**bench.env, "ASCENDTORCH_CACHE": str(used)})


def _count(bench: Bench, name: str) -> None:
    """Note how many files a case checked out, and that it is the pinned commit."""
    tree = bench.tree
    head = running.call(["git", "-C", str(tree), "rev-parse", "HEAD"], bench.env).decode().strip()
    if head != bench.spec.upstream.commit:
        raise running.BenchmarkError(f"{name} checked out {head}")
    total = 0
    for _, folders, files in os.walk(tree):
        if ".git" in folders:
            folders.remove(".git")
        total += sum(file != ".git" for file in files)
    bench.files[name] = total


if __name__ == "__main__":
    sys.exit(running.guarded(main))
