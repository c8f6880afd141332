"""Build of the plugin layout: our libraries and the emulator, put together to a wheel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ascendtorch.edge import files
from ascendtorch.edge.files import host_errors, sha256_bytes, sha256_file
from ascendtorch.emulator.carrying import Carried, carry
from ascendtorch.emulator.recipe import digest_sources
from ascendtorch.emulator.target import read_torch
from ascendtorch.plan import PluginPlan
from ascendtorch.plugin.compile import SOURCES, STAGE, Compilation
from ascendtorch.plugin.packing import pack
from ascendtorch.plugin.results import OfficialWheel, PluginSources
from ascendtorch.plugin.unpack import torch_folder
from ascendtorch.report.reporter import Reporter
from ascendtorch.stages import receipts
from ascendtorch.stages.build import (
    BuildOptions,
    refuse_future,
    settle_reuse,
    shared_parts,
)
from ascendtorch.stages.results import BuiltWheel
from ascendtorch.toolchain.environment import ensure_environment
from ascendtorch.workspace import Workspace

#: What is compiled and copied into the wheel; the emulator is a build of its own.
_OURS = tuple(
    f"{SOURCES}/{name}" for name in ("CMakeLists.txt", "acl", "runtime", "kernels", "python")
)
_PYTHON_FILES = "python/torch_npu"


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
    return {
        "sources": digest_sources(root, _OURS),
        "emulator": digest_sources(root),
        "generated": sha256_bytes(json.dumps(sources.outputs, sort_keys=True).encode()),
        "torch": f"{official.path.name} {official.sha256}",
        **shared_parts(plan, options, root, environ),
    }


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
            wheels=options.wheels,
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
        emulator = carry(
            workspace,
            compilation.torch,
            tools,
            environ,
            place="torch_npu/emulator/lib",
            folder=folder / "emulator" / "lib",
            jobs=options.jobs,
            reporter=reporter,
        )
        contents = _contents(compilation, plan, emulator)
        manifest = _describe(sources, emulator.sources, root, folder)
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
    compilation: Compilation, plan: PluginPlan, emulator: Carried
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
    return {**contents, **emulator.contents}


def source_digests(root: Path) -> dict[str, str]:
    """Return the digest of every file of ours that a wheel is made from."""
    return {
        path.relative_to(root).as_posix(): sha256_file(path)
        for name in (*_OURS, f"{SOURCES}/emulator")
        for path in ([root / name] if (root / name).is_file() else sorted((root / name).rglob("*")))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _describe(sources: PluginSources, emulator: str, root: Path, folder: Path) -> Path:
    manifest: dict[str, Any] = json.loads(sources.manifest.read_bytes())
    manifest["sources"] = source_digests(root)
    manifest["emulator"] = emulator
    target = folder / "manifest.json"
    files.write_if_changed(target, (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode())
    return target
