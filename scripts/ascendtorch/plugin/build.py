"""Build of the plugin layout: our libraries and the emulator, put together to a wheel."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ascendtorch.edge import files, process
from ascendtorch.edge.files import host_errors, sha256_bytes, sha256_file
from ascendtorch.emulator.build import Built, ensure_built, make_recipe
from ascendtorch.emulator.recipe import Recipe, digest_sources
from ascendtorch.emulator.target import read_torch
from ascendtorch.plan import PluginPlan
from ascendtorch.plugin.compile import SOURCES, STAGE, Compilation
from ascendtorch.plugin.packing import pack
from ascendtorch.plugin.results import OfficialWheel, PluginSources
from ascendtorch.plugin.rpath import make_relative
from ascendtorch.plugin.unpack import torch_folder
from ascendtorch.report.reporter import Reporter
from ascendtorch.stages import receipts
from ascendtorch.stages.build import refuse_future, settle_reuse
from ascendtorch.stages.results import BuiltWheel
from ascendtorch.toolchain.compilers import checked_compilers
from ascendtorch.toolchain.environment import ensure_environment, environment_digest
from ascendtorch.toolchain.launcher import Launcher
from ascendtorch.toolchain.python import PythonInfo
from ascendtorch.workspace import Workspace

#: What is compiled and copied into the wheel; the emulator is a build of its own.
_OURS = tuple(
    f"{SOURCES}/{name}" for name in ("CMakeLists.txt", "acl", "runtime", "kernels", "python")
)
_PYTHON_FILES = "python/torch_npu"


@dataclass(frozen=True)
class BuildOptions:
    """How to build; `folder` is the build folder of one Python."""

    python: PythonInfo
    folder: Path
    jobs: int
    launcher: Launcher
    clean: bool = False
    offline: bool = False


@dataclass(frozen=True)
class DescribedSources:
    """The sources with a manifest that names every file of ours, too."""

    sources: PluginSources
    manifest: Path


def measure(
    sources: PluginSources,
    official: OfficialWheel,
    plan: PluginPlan,
    options: BuildOptions,
    root: Path,
    environ: Mapping[str, str],
) -> dict[str, str]:
    """Return the fingerprint of the build that these choices would make.

    Raises:
        ToolError: a compiler is missing, too old or too new.
    """
    requirements = plan.spec.requirements[options.python.short]
    parts = {
        "sources": digest_sources(root, _OURS),
        "emulator": digest_sources(root),
        "generated": sha256_bytes(json.dumps(sources.outputs, sort_keys=True).encode()),
        "place": str(root),
        "torch": f"{official.path.name} {official.sha256}",
        "python": f"{options.python.version} {options.python.executable}",
        "environment": environment_digest(options.python, requirements),
        "compiler": ", ".join(f"{c.path} {c.version}" for c in checked_compilers(plan, environ)),
        "launcher": options.launcher.name,
        "build number": plan.spec.wheel.build_number,
        "wheel": f"{plan.spec.wheel.name} {plan.spec.wheel.version}",
    }
    parts.update({f"flag {flag.name}": flag.value for flag in plan.flags})
    return parts


def build(
    sources: PluginSources,
    official: OfficialWheel,
    plan: PluginPlan,
    workspace: Workspace,
    options: BuildOptions,
    parts: dict[str, str],
    environ: Mapping[str, str],
    *,
    reporter: Reporter,
) -> BuiltWheel:
    """Compile, build the emulator, and put the wheel together.

    Args:
        official: the wheel for the Python that is built for.
        parts: the fingerprint, from `measure`.

    Raises:
        ToolError: a compiler is missing, or the build environment cannot be made.
        BuildError: something did not compile.
    """
    folder, root = options.folder, workspace.root
    refuse_future(root / SOURCES, folder)
    with host_errors(STAGE, folder):
        tools = ensure_environment(
            folder / "env",
            options.python,
            plan.spec.requirements[options.python.short],
            environ,
            offline=options.offline,
            reporter=reporter,
        ).parent
        compilation = Compilation(
            root=root,
            folder=folder,
            rendered=sources.folder / plan.spec.kernels.output,
            outputs=sources.outputs,
            torch=read_torch(torch_folder(official)),
            python=options.python.executable,
            tools=tools,
            jobs=options.jobs,
            launcher=options.launcher,
        )
        settle_reuse(
            compilation.objects,
            compilation.forget_configuration,
            parts,
            clean=options.clean,
            reporter=reporter,
        )
        log = compilation.run(plan, environ, reporter)
        env = {**environ, "PATH": f"{tools}:{environ.get('PATH') or '/usr/bin:/bin'}"}
        recipe = make_recipe(workspace, compilation.torch, env)
        emulator = ensure_built(workspace, recipe, env, reporter=reporter, jobs=options.jobs)
        contents = _contents(compilation, plan, emulator, folder / "emulator")
        manifest = _describe(sources, recipe, root, folder)
        tag = f"{options.python.tag}-linux_{plan.arch}"
        wheel = pack(plan.spec, contents, tag, folder / "wheel")
    receipts.save(folder, STAGE, parts=parts, wheel=wheel.name, log=log.name)
    return BuiltWheel(DescribedSources(sources, manifest), wheel, parts, log)


def load(sources: PluginSources, folder: Path) -> BuiltWheel | None:
    """Return the unfinished wheel that the receipt in `folder` describes, or None."""
    receipt = receipts.load(folder, STAGE)
    wheel = folder / "wheel" / receipt["wheel"] if receipt else None
    manifest = folder / "manifest.json"
    if receipt is None or wheel is None or not wheel.is_file() or not manifest.is_file():
        return None
    described = DescribedSources(sources, manifest)
    return BuiltWheel(described, wheel, dict(receipt["parts"]), folder / "logs" / receipt["log"])


def _contents(
    compilation: Compilation, plan: PluginPlan, emulator: Built, folder: Path
) -> dict[str, Path | bytes]:
    """Return what goes into the wheel, by its place there."""
    contents: dict[str, Path | bytes] = {}
    python = compilation.root / SOURCES / _PYTHON_FILES
    for path in sorted(python.rglob("*")):
        name = path.relative_to(python.parent).as_posix()
        if path.is_file() and (path.suffix in (".py", ".pyi") or path.name == "py.typed"):
            contents[name] = path
    spec = plan.spec
    contents["torch_npu/version.py"] = (
        f'__version__ = "{spec.wheel.full_version}"\ntorch_version = "{spec.version}"\n'.encode()
    )
    for path in sorted(compilation.installed.rglob("*.so*")):
        contents[f"torch_npu/{path.relative_to(compilation.installed).as_posix()}"] = path
    for path in _relocatable(emulator, folder):
        contents[f"torch_npu/emulator/{path.relative_to(folder).as_posix()}"] = path
    return contents


def _relocatable(emulator: Built, folder: Path) -> list[Path]:
    """Copy the emulator's libraries, without what debuggers need and places of this machine."""
    files.remove_tree(folder)
    (folder / "lib").mkdir(parents=True)
    strip = shutil.which("strip")
    copies = []
    for library in sorted(emulator.lib.glob("*.so")):
        copy = folder / "lib" / library.name
        shutil.copyfile(library, copy)
        if strip is not None:
            process.run([strip, "--strip-unneeded", str(copy)], timeout=60)
        make_relative(copy, "$ORIGIN/../../../torch/lib")
        copies.append(copy)
    return copies


def _describe(sources: PluginSources, recipe: Recipe, root: Path, folder: Path) -> Path:
    manifest: dict[str, Any] = json.loads(sources.manifest.read_bytes())
    manifest["sources"] = {
        path.relative_to(root).as_posix(): sha256_file(path)
        for name in (*_OURS, f"{SOURCES}/emulator")
        for path in ([root / name] if (root / name).is_file() else sorted((root / name).rglob("*")))
        if path.is_file() and "__pycache__" not in path.parts
    }
    manifest["emulator"] = recipe.sources
    target = folder / "manifest.json"
    files.write_if_changed(target, (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode())
    return target
