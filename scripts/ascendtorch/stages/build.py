"""Build: upstream's own build, in an environment of its own, resumed where that is safe."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from ascendtorch.edge import files, git
from ascendtorch.edge.files import host_errors, sha256_bytes
from ascendtorch.errors import BuildError, HostError, StateError, ToolError
from ascendtorch.plan import Plan, PluginPlan, missing_submodules
from ascendtorch.report.diagnose import OwnerIndex, diagnose
from ascendtorch.report.remedies import load_remedies
from ascendtorch.report.reporter import Reporter
from ascendtorch.series.series import load_series
from ascendtorch.stages import receipts
from ascendtorch.stages.recorded import digest_of
from ascendtorch.stages.results import BuiltWheel, GeneratedTree
from ascendtorch.toolchain import fingerprint
from ascendtorch.toolchain.compilers import checked_compilers, named_compilers
from ascendtorch.toolchain.driver import DRIVERS, BuildRequest, Driver
from ascendtorch.toolchain.environment import (
    clean_environ,
    ensure_environment,
    environment_digest,
)
from ascendtorch.toolchain.launcher import Launcher
from ascendtorch.toolchain.logged import new_log, run_logged
from ascendtorch.toolchain.python import PythonInfo
from ascendtorch.toolchain.sources import future_files, source_digest

STAGE = "build"
_SCHEMA = 1
_FINGERPRINT = "ascendtorch-fingerprint.json"


@dataclass(frozen=True)
class BuildOptions:
    """How to build; `folder` is where the environment, logs and the unfinished wheel go."""

    python: PythonInfo
    folder: Path
    jobs: int
    launcher: Launcher
    clean: bool = False
    offline: bool = False
    wheels: tuple[Path, ...] = ()


def measure(
    generated: GeneratedTree, plan: Plan, options: BuildOptions, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the fingerprint of the build that these choices would make.

    Raises:
        ToolError: a compiler is missing, too old or too new.
    """
    fetched = generated.overlaid.patched.fetched
    # As they are now: git does not see what a person edits in files that it is told to ignore.
    ours = {path: digest_of(fetched.tree / path) for path in generated.files}
    return {
        "sources": source_digest(fetched.tree),
        "generated": sha256_bytes(json.dumps([ours, generated.outputs], sort_keys=True).encode()),
        **shared_parts(plan, options, fetched.tree, environ),
    }


def shared_parts(
    plan: Plan | PluginPlan, options: BuildOptions, place: Path, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the parts of a fingerprint that any layout has.

    Args:
        place: what the objects name by its absolute path.

    Raises:
        ToolError: a compiler is missing, too old or too new.
    """
    spec, python = plan.spec, options.python
    return {
        "place": str(place),
        "python": f"{python.version} {python.executable}",
        "environment": environment_digest(python, spec.requirements[python.short]),
        "compiler": ", ".join(f"{c.path} {c.version}" for c in checked_compilers(plan, environ)),
        "launcher": options.launcher.name,
        "build number": spec.wheel.build_number,
        "wheel": f"{spec.wheel.name} {spec.wheel.version}",
        **{f"flag {flag.name}": flag.value for flag in plan.flags},
    }


def build(
    generated: GeneratedTree,
    plan: Plan,
    options: BuildOptions,
    parts: dict[str, str],
    environ: Mapping[str, str],
    *,
    reporter: Reporter,
) -> BuiltWheel:
    """Run upstream's build and return its wheel.

    Args:
        parts: the fingerprint, from `measure`.

    Raises:
        ToolError: a submodule or tool that these flags need is missing.
        BuildError: the build failed; the message has the first error, its owner and the remedy.
    """
    fetched = generated.overlaid.patched.fetched
    _require_submodules(plan, fetched.modules, fetched.tree)
    driver = DRIVERS[plan.spec.layout]
    refuse_future(fetched.tree, driver.build_folder(fetched.tree))
    with host_errors(STAGE, options.folder):
        python = ensure_environment(
            options.folder / "env",
            options.python,
            plan.spec.requirements[options.python.short],
            environ,
            offline=options.offline,
            wheels=options.wheels,
            reporter=reporter,
        )
        settle_reuse(
            driver.build_folder(fetched.tree),
            lambda: driver.forget_configuration(fetched.tree),
            parts,
            clean=options.clean,
            reporter=reporter,
        )
        request = BuildRequest(
            tree=fetched.tree,
            python=python,
            flags=plan.flag_values,
            version=plan.spec.wheel.version,
            build_number=plan.spec.wheel.build_number,
            jobs=options.jobs,
            launcher=options.launcher,
            output=options.folder / "wheel",
            epoch=_epoch(fetched.tree, plan.spec.upstream.commit),
        )
        driver.prepare(request)
        log = _run(driver, request, generated, plan, options, environ, reporter)
        wheels = sorted(request.output.glob("*.whl"))
    if len(wheels) != 1:
        raise BuildError(
            f"the build left {len(wheels)} wheels, and one was expected",
            stage=STAGE,
            path=request.output,
            remedy=f"read {log}, then run again with --clean",
        )
    receipts.save(options.folder, STAGE, parts=parts, wheel=wheels[0].name, log=log.name)
    return BuiltWheel(generated, wheels[0], parts, log)


def load(generated: GeneratedTree, folder: Path) -> BuiltWheel | None:
    """Return the unfinished wheel that the receipt in `folder` describes, or None."""
    receipt = receipts.load(folder, STAGE)
    wheel = folder / "wheel" / receipt["wheel"] if receipt else None
    if receipt is None or wheel is None or not wheel.is_file():
        return None
    return BuiltWheel(generated, wheel, dict(receipt["parts"]), folder / "logs" / receipt["log"])


def _require_submodules(plan: Plan, present: Mapping[str, str], tree: Path) -> None:
    missing = missing_submodules(plan, set(present))
    if missing:
        raise ToolError(
            "these flags compile submodules that the tree lacks: "
            + ", ".join(module.path for module in missing),
            stage=STAGE,
            path=tree,
            remedy=f"run gen again with --submodules needed --profile {plan.profile} and the same "
            "flags, or with --submodules all",
        )


def refuse_future(tree: Path, objects: Path) -> None:
    """Refuse sources that are newer than this machine's clock says.

    Raises:
        HostError: naming the first of them.
    """
    ahead = future_files(tree, time.time(), (objects,))
    if ahead:
        raise HostError(
            f"{len(ahead)} files were changed in the future, by this machine's clock; ninja would "
            "build what is made from them again and again",
            stage=STAGE,
            path=ahead[0],
            remedy=f"correct the clock, or: find {tree} -newermt now -type f -exec touch {{}} +",
        )


def settle_reuse(
    folder: Path,
    forget: Callable[[], None],
    parts: dict[str, str],
    *,
    clean: bool,
    reporter: Reporter,
) -> None:
    """Compare with what is recorded beside the objects, and keep only what may be kept.

    Args:
        folder: where objects lie.
        forget: has the next build configure anew.
    """
    record = folder / _FINGERPRINT
    if folder.exists():
        verdict = (
            fingerprint.Verdict(fingerprint.CLEAN, ("--clean",))
            if clean
            else fingerprint.compare(_recorded(record, reporter), parts)
        )
        reasons = "; ".join(verdict.reasons)
        if verdict.action == fingerprint.CLEAN:
            reporter.say(STAGE, f"starting from nothing ({reasons})")
            files.remove_tree(folder)
        elif verdict.action == fingerprint.RECONFIGURE:
            reporter.say(STAGE, f"configuring anew, objects are kept ({reasons})")
            forget()
        elif verdict.action == fingerprint.REBUILD:
            reporter.say(STAGE, f"rebuilding what these changes reach ({reasons})")
        else:
            reporter.say(STAGE, "going on with the build that is there")
    files.write_json(record, {"schema": _SCHEMA, "parts": parts})


def _recorded(record: Path, reporter: Reporter) -> dict[str, str] | None:
    try:
        value = files.read_json(record, schema=_SCHEMA, stage=STAGE)
    except StateError as error:
        if error.newer:
            raise
        reporter.warn(STAGE, f"{record}: {error.cause}; starting from nothing")
        return None
    return None if value is None else dict(value["parts"])


def _epoch(tree: Path, commit: str) -> str:
    return git.Repository.at(tree).commit_date(commit).split()[0]


def _run(
    driver: Driver,
    request: BuildRequest,
    generated: GeneratedTree,
    plan: Plan,
    options: BuildOptions,
    environ: Mapping[str, str],
    reporter: Reporter,
) -> Path:
    log = new_log(options.folder / "logs")
    clean = {**clean_environ(environ), **named_compilers(plan, environ)}
    env = driver.environment(request, clean)
    theirs = [f"{f.name}={f.value}" for f in plan.flags if f.origin == "environment"]
    if theirs:
        reporter.say(STAGE, f"flags from the environment: {' '.join(theirs)}")
    shown = f"{request.jobs} jobs, launcher {request.launcher.name}"
    reporter.say(STAGE, f"building with {shown}; the log is {log}")
    started = time.monotonic()
    code, lines = run_logged(
        [driver.command(request)],
        cwd=request.tree,
        env=env,
        log=log,
        stage=STAGE,
        reporter=reporter,
    )
    seconds = time.monotonic() - started
    if code != 0:
        raise _failure(lines, code, generated, plan, log)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    reporter.say(STAGE, f"built in {seconds / 60:.1f} min (largest process {largest:.0f} MiB)")
    return log


def _failure(
    lines: list[str], code: int, generated: GeneratedTree, plan: Plan, log: Path
) -> BuildError:
    patched = generated.overlaid.patched
    owners = OwnerIndex(
        tree=patched.fetched.tree.resolve(),
        submodules=patched.fetched.modules,
        overlay=generated.overlaid.files,
        generated=generated.kernels,
        patches=load_series(plan.spec.series_file).patches,
    )
    found = diagnose(lines, code, owners, load_remedies())
    return BuildError(
        f"{found.text()}\n  log: {log}",
        stage=STAGE,
        path=found.where or str(patched.fetched.tree),
        remedy=found.remedy.text() if found.remedy else "read the log around this error",
    )
