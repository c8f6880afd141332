"""Fetch of the plugin layout: the official wheel by pip, accepted by its hash alone."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ascendtorch.edge import files, lock, process
from ascendtorch.edge.files import host_errors, read_json, sha256_file, write_json
from ascendtorch.errors import FetchError, StateError
from ascendtorch.plan import PluginPlan
from ascendtorch.plugin.results import OfficialWheel
from ascendtorch.report.reporter import Advance, Reporter
from ascendtorch.spec.plugin import PinnedWheel, PluginSpec
from ascendtorch.stages.fetch import FetchOptions
from ascendtorch.toolchain.environment import clean_environ

STAGE = "fetch"
_SCHEMA = 1
_NOTE = "checked.json"
_SCRATCH = ".download"
#: Another checkout's download of the same wheel is waited for.
_WAIT_SECONDS = 3600.0
_UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9}


def accepted(spec: PluginSpec, python: str, arch: str) -> tuple[PinnedWheel, ...]:
    """Return the pinned wheels for a Python and a machine.

    Raises:
        FetchError: none is pinned for that machine.
    """
    found = tuple(wheel for wheel in spec.upstream.wheels[python] if wheel.suits(arch))
    if not found:
        raise FetchError(
            f"no official wheel of torch {spec.version} is pinned for Python {python} on {arch}",
            stage=STAGE,
            path=spec.folder / "version.yaml",
            remedy="build on x86_64, or pin upstream's wheel for this machine there and try it",
        )
    return found


def load(spec: PluginSpec, python: str, arch: str, cache: Path) -> OfficialWheel | None:
    """Return the wheel that lies in the cache, or None."""
    for wheel in accepted(spec, python, arch):
        folder = cache / "wheels" / wheel.sha256
        path = folder / wheel.file
        if path.is_file() and _noted(folder) == _identity(path):
            return OfficialWheel(spec, path, wheel.sha256)
    return None


def fetch(
    plan: PluginPlan,
    python: str,
    *,
    cache: Path,
    options: FetchOptions,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> OfficialWheel:
    """Give the official wheel for `python`, downloading it where the cache lacks it.

    Raises:
        FetchError: pip cannot get it, or what it gets is not what is pinned.
    """
    spec = plan.spec
    present = load(spec, python, plan.arch, cache)
    if present is not None:
        reporter.say(STAGE, f"up to date: {present.path.name}")
        return present
    top = cache / "wheels"
    with _locked(top, reporter):
        present = load(spec, python, plan.arch, cache)
        if present is not None:
            return present
        return _download(plan, python, top, options, environ, reporter)


def adopt(
    found: Path, wheel: PinnedWheel, spec: PluginSpec, *, cache: Path, reporter: Reporter
) -> bool:
    """Move a wheel that came some other way into the cache, if it is the pinned one.

    Returns:
        Whether the cache lacked it.

    Raises:
        FetchError: its hash is another.
    """
    top = cache / "wheels"
    with _locked(top, reporter):
        folder = top / wheel.sha256
        kept = folder / wheel.file
        if kept.is_file() and _noted(folder) == _identity(kept):
            return False
        _keep(found, wheel, spec, top)
        return True


@contextmanager
def _locked(top: Path, reporter: Reporter) -> Iterator[None]:
    with (
        host_errors(STAGE, top),
        lock.held(
            top / "download.lock",
            what="the cache of official wheels",
            wait_seconds=_WAIT_SECONDS,
            on_wait=lambda text: reporter.say(STAGE, text),
        ),
    ):
        yield


def _download(
    plan: PluginPlan,
    python: str,
    top: Path,
    options: FetchOptions,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> OfficialWheel:
    spec = plan.spec
    wanted = accepted(spec, python, plan.arch)
    scratch = top / _SCRATCH
    name = f"{spec.upstream.name} {spec.upstream.version}"
    reporter.say(STAGE, f"getting the official wheel of {name} for Python {python}")
    said: list[str] = []
    # One after another, the first pinned first: of several hashes at once pip takes the one that
    # its index names, and a folder of wheels names none.
    for wheel in wanted:
        found = _try_wheel(wheel, python, spec, scratch, options, environ, said, reporter)
        if found is None:
            continue
        path = _keep(found, wheel, spec, top)
        files.remove_tree(scratch)
        size = path.stat().st_size / 1e6
        reporter.say(STAGE, f"{path.name}: {size:.0f} MB, its hash is as pinned")
        return OfficialWheel(spec, path, wheel.sha256)
    files.remove_tree(scratch)
    raise _failure(said, wanted, options, top)


def _keep(found: Path, wheel: PinnedWheel, spec: PluginSpec, top: Path) -> Path:
    """Move a file into the cache if its hash is the pinned one; the caller holds the lock."""
    digest = sha256_file(found)
    if digest != wheel.sha256:
        raise FetchError(
            f"{found.name} has the hash {digest}, which is not the pinned one",
            stage=STAGE,
            path=spec.folder / "version.yaml",
            remedy="do not use this file; check where pip's index comes from",
        )
    folder = top / wheel.sha256
    files.remove_tree(folder)
    folder.mkdir()
    path = folder / wheel.file
    found.replace(path)
    write_json(folder / _NOTE, {"schema": _SCHEMA, "wheel": _identity(path)})
    return path


def _try_wheel(
    wheel: PinnedWheel,
    python: str,
    spec: PluginSpec,
    scratch: Path,
    options: FetchOptions,
    environ: Mapping[str, str],
    said: list[str],
    reporter: Reporter,
) -> Path | None:
    """Have pip download a wheel; None when it cannot, and `said` tells why."""
    files.remove_tree(scratch)
    target = scratch / "wheel"
    target.mkdir(parents=True)
    # === compares the text: == without a local part would take any.
    requirement = f"{spec.upstream.name}==={wheel.version} --hash=sha256:{wheel.sha256}\n"
    (scratch / "requirements.txt").write_text(requirement, "utf-8")
    command = [
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"),
        *("download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir"),
        *("--python-version", python, "--implementation", "cp"),
        *("--abi", f"cp{python.replace('.', '')}"),
        *(word for platform in wheel.platforms for word in ("--platform", platform)),
        *("--retries", str(options.tries - 1), "--timeout", f"{options.stall_seconds:g}"),
        *(["--no-index"] if options.offline else []),
        *("--require-hashes", "-r", str(scratch / "requirements.txt"), "-d", str(target)),
    ]
    # Beside its goal, so that a full /tmp is no obstacle, and its growth can be watched.
    env = {**clean_environ(environ), "TMPDIR": str(scratch)}
    with reporter.progress(STAGE, "downloading") as advance, _watched(scratch, said, advance):
        code = process.stream(command, env=env, on_line=said.append)
    found = sorted(target.glob("*.whl"))
    return found[0] if code == 0 and len(found) == 1 else None


def _noted(folder: Path) -> object:
    try:
        note = read_json(folder / _NOTE, schema=_SCHEMA, stage=STAGE)
    except StateError:
        return None
    return note["wheel"] if note and "wheel" in note else None


def _identity(path: Path) -> list[int]:
    """Size and time of a file whose hash was right: hashing it again takes a second."""
    info = path.stat()
    return [info.st_size, info.st_mtime_ns]


@contextmanager
def _watched(scratch: Path, said: list[str], advance: Advance) -> Iterator[None]:
    """Show how the download grows; pip itself is silent where it has no terminal."""
    finished = threading.Event()

    def watch() -> None:
        while not finished.wait(1.0):
            total = announced_size(said)
            if total:
                done = sum(path.stat().st_size for path in _growing(scratch))
                shown = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB"
                advance(min(done, total) // 10**6, total // 10**6, shown)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        finished.set()
        thread.join()


def _growing(scratch: Path) -> list[Path]:
    return [path for path in scratch.rglob("*.whl") if path.is_file()]


def announced_size(lines: list[str]) -> int | None:
    """Return the bytes that pip says it downloads, such as ``(191.8 MB)``."""
    for line in reversed(lines):
        match = re.search(r"Downloading .*\((\d+(?:\.\d+)?) (kB|MB|GB)\)", line)
        if match:
            return int(float(match[1]) * _UNITS[match[2]])
    return None


def _failure(
    said: list[str], wanted: tuple[PinnedWheel, ...], options: FetchOptions, top: Path
) -> FetchError:
    names = " or ".join(wheel.file for wheel in wanted)
    text = "\n".join(said)
    if "DO NOT MATCH THE HASHES" in text:
        cause = "pip was offered a wheel with another hash than those that are pinned"
        remedy = "check where pip's index comes from (pip config list); do not use that file"
    elif options.offline:
        cause = f"missing, and this run is offline: {names}"
        remedy = "put one of them into a folder and name it with PIP_FIND_LINKS, or run online once"
    elif "No matching distribution" in text or "from versions: none" in text:
        cause = f"pip finds none of the pinned wheels: {names}"
        remedy = (
            "check pip's index (PIP_INDEX_URL, pip config list), or put one of them into a folder "
            "and name it with PIP_FIND_LINKS"
        )
    else:
        errors = [line for line in said if line.startswith("ERROR")] or said
        cause = "pip could not download it: " + (
            errors[-1].strip() if errors else "it said nothing"
        )
        remedy = (
            "check the network and pip's index (PIP_INDEX_URL), or put the wheel into a folder and "
            "name it with PIP_FIND_LINKS"
        )
    return FetchError(cause, stage=STAGE, path=top, remedy=remedy)
