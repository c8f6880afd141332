"""Making a bundle: everything that a build of one version needs, in one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Union

from ascendtorch.edge import lock
from ascendtorch.edge.files import host_errors, sha256_bytes, sha256_file
from ascendtorch.edge.scratch import scratch_folder
from ascendtorch.errors import FetchError
from ascendtorch.plan import Plan, PluginPlan
from ascendtorch.plugin import fetch as plugin
from ascendtorch.report.reporter import Reporter
from ascendtorch.stages import fetch
from ascendtorch.stages.fetch import FetchOptions
from ascendtorch.stages.object_cache import ObjectCache
from ascendtorch.upkeep import bundlefile, bundlewheels
from ascendtorch.upkeep.bundlefile import STAGE, Bundle
from ascendtorch.upkeep.bundlemanifest import (
    BUILD,
    OFFICIAL,
    PACKS,
    TOOL,
    Manifest,
    Pack,
    Wheel,
)
from ascendtorch.upkeep.bundlepacks import check_packs, make_pack, scratch_place

_WAIT_SECONDS = 3600.0

AnyPlan = Union[Plan, PluginPlan]


@dataclass(frozen=True)
class Contents:
    """What a bundle is to hold.

    Attributes:
        submodules: ``all`` or ``needed``; nothing in the plugin layout, which has none.
        requirements: of the build, by Python.
        tests: of the shipped tests, where they are asked for. Another environment than that of
            the build, so that it may have other versions of the same.
        with_tool: also what this tool's own environment is made of.
    """

    plan: AnyPlan
    submodules: str
    requirements: Mapping[str, tuple[str, ...]]
    tests: Mapping[str, tuple[str, ...]]
    with_tool: bool

    def as_json(self) -> dict[str, object]:
        """The contents as data, for ``--dry-run``."""
        return {
            **self.plan.as_json(),
            "requirements": {python: list(texts) for python, texts in self.requirements.items()},
            "test_requirements": {python: list(texts) for python, texts in self.tests.items()},
            "with_tool": self.with_tool,
        }


def describe_contents(
    plan: AnyPlan,
    submodules: str,
    pythons: Sequence[str],
    *,
    with_tool: bool,
    with_tests: bool = False,
) -> Contents:
    """Decide what a bundle holds; an empty `pythons` means all that the version is built for."""
    spec = plan.spec
    chosen = [python for python in spec.pythons if not pythons or python in pythons]
    requirements = {python: spec.requirements[python] for python in chosen}
    known = spec.test_requirements if with_tests else {}
    tests = {python: known[python] for python in chosen if python in known}
    return Contents(plan, submodules, requirements, tests, with_tool)


def create(
    contents: Contents,
    output: Path,
    *,
    run_id: str,
    cache: ObjectCache,
    options: FetchOptions,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> Bundle:
    """Make a bundle, first fetching what the cache lacks, and check it.

    The same contents give the same bytes. A kill leaves at most a file of another
    name beside `output`, which the next run replaces.

    Args:
        run_id: marks the processes of this run in their environment.

    Raises:
        FetchError: a pin or a wheel cannot be had.
    """
    key = sha256_bytes(str(output).encode("utf-8", "surrogateescape"))[:16]
    with (
        host_errors(STAGE, cache.root),
        lock.held(
            cache.root / "locks" / f"bundle-{key}.lock",
            what=f"the bundle {output}",
            run_id=run_id,
            wait_seconds=_WAIT_SECONDS,
            on_wait=lambda text: reporter.say(STAGE, text),
            on_leftovers=lambda pids: reporter.warn(
                STAGE, f"ended what a killed run left running: {', '.join(map(str, pids))}"
            ),
        ),
        scratch_folder(scratch_place(cache)) as scratch,
    ):
        gathered = _Gathered(scratch)
        if isinstance(contents.plan, Plan):
            _add_packs(gathered, contents.plan, cache, options, reporter)
        else:
            _add_official(gathered, contents, cache, options, environ, reporter)
        _add_wheels(gathered, contents, options, environ, reporter)
        manifest = Manifest(
            version=contents.plan.spec.version,
            layout=contents.plan.spec.layout,
            profile=contents.plan.profile,
            submodules=contents.submodules,
            architecture=contents.plan.arch,
            pythons=tuple(contents.requirements),
            packs=tuple(sorted(gathered.packs, key=lambda pack: pack.name)),
            wheels=tuple(sorted(gathered.wheels.values(), key=lambda wheel: wheel.name)),
        )
        digest = bundlefile.write(output, manifest, gathered.sources, reporter)
        # Read back as the other machine will, where nothing could be mended any more.
        made = bundlefile.read(output, reporter)
        if made.sha256 != digest:
            raise FetchError(
                "what was written is not what is read back",
                stage=STAGE,
                path=output,
                remedy="check the disk, then run the same command again",
            )
        check_packs(made, cache, reporter)
    return made


@dataclass
class _Gathered:
    """What has been put together so far: members, and the file of each."""

    scratch: Path
    packs: list[Pack] = field(default_factory=list)
    wheels: dict[str, Wheel] = field(default_factory=dict)
    sources: dict[str, Path] = field(default_factory=dict)

    def add_wheel(self, folder: str, path: Path, python: str) -> None:
        """Add a wheel, or one more Python that a wheel is for."""
        name, digest = f"{folder}/{path.name}", sha256_file(path)
        known = self.wheels.get(name)
        if known is not None and known.sha256 != digest:
            raise FetchError(
                f"{path.name} was downloaded twice, with different contents",
                stage=STAGE,
                path=path,
                remedy="check pip's index (pip config list), then run the same command again",
            )
        pythons = {*(known.pythons if known else ()), python}
        self.wheels[name] = Wheel(
            name, path.stat().st_size, digest, tuple(sorted(pythons, key=_number))
        )
        self.sources[name] = path


def _number(python: str) -> int:
    return int(python.partition(".")[2])


def _add_packs(
    gathered: _Gathered,
    plan: Plan,
    cache: ObjectCache,
    options: FetchOptions,
    reporter: Reporter,
) -> None:
    remotes = fetch.fill_cache(plan, cache, options, reporter)
    with reporter.progress(STAGE, "packing") as advance:
        for number, (url, commits) in enumerate(sorted(remotes.items())):
            advance(number, len(remotes), url)
            name = f"{PACKS}/{cache.repository(url).git_dir.stem}.pack"
            path = gathered.scratch / f"{number}.pack"
            make_pack(cache, url, commits, path)
            gathered.sources[name] = path
            gathered.packs.append(
                Pack(name, path.stat().st_size, sha256_file(path), url, tuple(sorted(commits)))
            )
        advance(len(remotes), len(remotes), "")


def _add_official(
    gathered: _Gathered,
    contents: Contents,
    cache: ObjectCache,
    options: FetchOptions,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> None:
    plan = contents.plan
    if not isinstance(plan, PluginPlan):
        return
    # The kernels are rendered by the wheel of the first Python, whichever it is built for.
    for python in dict.fromkeys((plan.spec.pythons[0], *contents.requirements)):
        official = plugin.fetch(
            plan, python, cache=cache.root, options=options, environ=environ, reporter=reporter
        )
        gathered.add_wheel(OFFICIAL, official.path, python)


def _add_wheels(
    gathered: _Gathered,
    contents: Contents,
    options: FetchOptions,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> None:
    for purpose, sets in (("build", contents.requirements), ("tests", contents.tests)):
        for python, requirements in sets.items():
            reporter.say(STAGE, f"getting {len(requirements)} wheels of the {purpose}, {python}")
            found = bundlewheels.download(
                requirements,
                python,
                contents.plan.arch,
                gathered.scratch / f"{purpose}-{python}",
                options=options,
                environ=environ,
                reporter=reporter,
            )
            for path in found:
                gathered.add_wheel(BUILD, path, python)
    if contents.with_tool:
        reporter.say(STAGE, "getting the wheels of the tool itself")
        running = bundlewheels.running_python()
        for path in bundlewheels.download_tool(
            gathered.scratch / "tool", options=options, environ=environ, reporter=reporter
        ):
            gathered.add_wheel(TOOL, path, running)
