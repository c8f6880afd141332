"""Reading bundles: whether one is whole, and taking it into the caches of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Union

from ascendtorch.edge import lock
from ascendtorch.edge.files import host_errors, sha256_file
from ascendtorch.edge.scratch import scratch_folder
from ascendtorch.errors import FetchError
from ascendtorch.plugin import fetch as plugin
from ascendtorch.report.reporter import Reporter
from ascendtorch.spec.mirrors import plain_url
from ascendtorch.spec.plugin import PluginSpec
from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages.object_cache import ObjectCache
from ascendtorch.toolchain.wheelhouse import wheelhouse
from ascendtorch.upkeep import bundlefile, bundlewheels
from ascendtorch.upkeep.bundlefile import STAGE, Bundle
from ascendtorch.upkeep.bundlemanifest import BUILD, OFFICIAL, Wheel
from ascendtorch.upkeep.bundlepacks import filler, scratch_place

_WAIT_SECONDS = 3600.0

AnySpec = Union[VersionSpec, PluginSpec]


@dataclass
class Taken:
    """What `use` did: how many of each came in, and how many were there already."""

    commits: int = 0
    known_commits: int = 0
    wheels: int = 0
    known_wheels: int = 0


def open_bundle(path: Path, reporter: Reporter, *, sha256: str | None = None) -> Bundle:
    """Check names, sizes and digests of everything in a bundle.

    Args:
        sha256: what the whole file must have.

    Raises:
        FetchError: something is wrong with it.
    """
    bundle = bundlefile.read(path, reporter)
    if sha256 is not None and bundle.sha256 != sha256.lower():
        raise FetchError(
            f"its sha256 is {bundle.sha256}, not the {sha256.lower()} that --sha256 asks for",
            stage=STAGE,
            path=path,
            remedy="do not use this file; it is another one than you were told of",
        )
    return bundle


def check_pins(bundle: Bundle, spec: AnySpec, arch: str) -> None:
    """Hold a bundle against a checkout: it may have what is pinned there, and nothing else.

    Raises:
        FetchError: it was made for other pins, another machine or another layout.
    """
    manifest = bundle.manifest
    wrong: list[str] = []
    if manifest.architecture != arch:
        wrong.append(f"it was made for {manifest.architecture}, and this machine is {arch}")
    if manifest.layout != spec.layout:
        wrong.append(f"it is of the {manifest.layout} layout, and this checkout's is {spec.layout}")
    elif isinstance(spec, VersionSpec):
        wrong += _wrong_commits(bundle, spec)
    else:
        wrong += _wrong_official(bundle, spec)
    wrong += _wrong_wheels(bundle, spec)
    if wrong:
        raise FetchError(
            f"the bundle does not fit this checkout's {spec.version}:\n"
            + "\n".join(f"  {text}" for text in wrong),
            stage=STAGE,
            path=bundle.path,
            remedy=f"use it with the checkout it was made from, or make one with this: "
            f"ascendtorch bundle create -v {spec.version}",
        )


def _wrong_commits(bundle: Bundle, spec: VersionSpec) -> list[str]:
    known: dict[str, set[str]] = {plain_url(spec.upstream.url): {spec.upstream.commit}}
    for module in spec.submodules:
        known.setdefault(plain_url(module.url), set()).add(module.commit)
    held = {(plain_url(p.url), commit) for p in bundle.manifest.packs for commit in p.commits}
    wrong = [
        f"{url} {commit} is not pinned"
        for url, commit in sorted(held)
        if commit not in known.get(url, set())
    ]
    if (plain_url(spec.upstream.url), spec.upstream.commit) not in held:
        wrong.append(f"it lacks the release, {spec.upstream.url} {spec.upstream.commit}")
    return wrong + [f"{wheel.file} is not pinned" for wheel in _wheels(bundle, OFFICIAL)]


def _wrong_official(bundle: Bundle, spec: PluginSpec) -> list[str]:
    pinned = {
        (wheel.file, wheel.sha256) for wheels in spec.upstream.wheels.values() for wheel in wheels
    }
    held = _wheels(bundle, OFFICIAL)
    wrong = [f"{w.file} is not pinned" for w in held if (w.file, w.sha256) not in pinned]
    wrong += [f"{pack.url} is not pinned" for pack in bundle.manifest.packs]
    return wrong or ([] if held else [f"it lacks the official wheel of {spec.version}"])


def _wrong_wheels(bundle: Bundle, spec: AnySpec) -> list[str]:
    wheels, wrong = _wheels(bundle, BUILD), []
    for wheel in wheels:
        asked = [
            text
            for python in wheel.pythons
            for text in (
                *spec.requirements.get(python, ()),
                *spec.test_requirements.get(python, ()),
            )
        ]
        if bundlewheels.identity(wheel.file) not in bundlewheels.pinned(asked):
            wrong.append(f"{wheel.file} is not asked for")
    for python in bundle.manifest.pythons:
        if python not in spec.requirements:
            wrong.append(f"it is for Python {python}, for which this version is not built")
            continue
        there = [wheel.file for wheel in wheels if python in wheel.pythons]
        lacking = bundlewheels.missing(spec.requirements[python], there)
        wrong += [f"it lacks {text} for Python {python}" for text in lacking]
    return wrong


def _wheels(bundle: Bundle, folder: str) -> list[Wheel]:
    return [w for w in bundle.manifest.wheels if w.name.partition("/")[0] == folder]


def use(bundle: Bundle, spec: AnySpec, cache: ObjectCache, reporter: Reporter) -> Taken:
    """Take a checked bundle in; what is there already is left alone.

    Every part enters by one rename or by a note that is written last, so that a run that is
    killed has done no harm and the next one goes on.

    Raises:
        FetchError: git finds a pack damaged.
    """
    taken = Taken()
    with host_errors(STAGE, cache.root):
        _use_packs(bundle, cache, taken, reporter)
        _use_wheels(bundle, cache, taken, reporter)
        if isinstance(spec, PluginSpec):
            _use_official(bundle, spec, cache, taken, reporter)
    return taken


def _use_packs(bundle: Bundle, cache: ObjectCache, taken: Taken, reporter: Reporter) -> None:
    packs = bundle.manifest.packs
    cache.sweep()
    with reporter.progress(STAGE, "repositories") as advance:
        for number, pack in enumerate(packs, 1):
            lacking = sum(cache.find(pack.url, commit) is None for commit in pack.commits)
            if cache.take(
                pack.url,
                pack.commits,
                filler(bundle, pack),
                on_wait=lambda text: reporter.say(STAGE, text),
            ):
                taken.commits += lacking
                taken.known_commits += len(pack.commits) - lacking
            else:
                taken.known_commits += len(pack.commits)
            advance(number, len(packs), pack.url)


def _use_wheels(bundle: Bundle, cache: ObjectCache, taken: Taken, reporter: Reporter) -> None:
    wheels = _wheels(bundle, BUILD)
    target = wheelhouse(cache.root, bundle.manifest.version)
    with (
        lock.held(
            target.with_name(f"{target.name}.lock"),
            what=f"the folder of wheels {target}",
            wait_seconds=_WAIT_SECONDS,
            on_wait=lambda text: reporter.say(STAGE, text),
        ),
        scratch_folder(scratch_place(cache)) as scratch,
    ):
        target.mkdir(exist_ok=True)
        for wheel in wheels:
            path = target / wheel.file
            if path.is_file() and sha256_file(path) == wheel.sha256:
                taken.known_wheels += 1
                continue
            bundle.extract(wheel, scratch / wheel.file)
            (scratch / wheel.file).replace(path)
            taken.wheels += 1


def _use_official(
    bundle: Bundle, spec: PluginSpec, cache: ObjectCache, taken: Taken, reporter: Reporter
) -> None:
    pins = {wheel.sha256: wheel for wheels in spec.upstream.wheels.values() for wheel in wheels}
    for wheel in _wheels(bundle, OFFICIAL):
        with scratch_folder(scratch_place(cache)) as scratch:
            path = scratch / wheel.file
            bundle.extract(wheel, path)
            if plugin.adopt(path, pins[wheel.sha256], spec, cache=cache.root, reporter=reporter):
                taken.wheels += 1
            else:
                taken.known_wheels += 1
