"""Codegen of the plugin layout: kernels from the op spec, templates, and the manifest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import ascendtorch
from ascendtorch import __version__
from ascendtorch.edge import files
from ascendtorch.edge.files import host_errors, sha256_file
from ascendtorch.errors import CodegenError
from ascendtorch.plugin.results import OfficialWheel, PluginSources
from ascendtorch.plugin.unpack import schema_folder
from ascendtorch.report.reporter import Reporter
from ascendtorch.spec.plugin import PluginSpec
from ascendtorch.stages import receipts
from ascendtorch.stages.publish import Output, publish

STAGE = "codegen"
MANIFEST = "manifest.json"
#: What rendering depends on besides data: our own code.
_CODE = ("opspec", "plugin/codegen.py", "stages/render.py", "spec/reader.py", "spec/yamlfile.py")


def load(official: OfficialWheel, folder: Path) -> PluginSources | None:
    """Return what the receipt in `folder` describes, or None."""
    receipt = receipts.load(folder, STAGE)
    manifest = folder / MANIFEST
    if receipt is None or receipt.get("pending") or not manifest.exists():
        return None
    if receipt.get("official") != official.sha256:
        return None
    return PluginSources(official, folder, dict(receipt["files"]), manifest)


def inputs_digest(official: OfficialWheel, templates: Path) -> str:
    """Return a digest of all that the rendered files depend on."""
    spec = official.spec
    data = [spec.folder / "version.yaml", *(templates / rule.template for rule in spec.templates)]
    for name in (spec.kernels.spec, spec.kernels.templates):
        data += sorted(path for path in (templates / name).rglob("*") if path.is_file())
    package = Path(ascendtorch.__file__).parent
    for name in _CODE:
        data += sorted((package / name).rglob("*.py")) or [package / name]
    digest = hashlib.sha256(f"{official.sha256}\0{__version__}\0".encode())
    for path in data:
        digest.update(f"{path.name}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes() if path.is_file() else b"").digest())
    return digest.hexdigest()


def codegen(
    official: OfficialWheel,
    *,
    templates: Path,
    folder: Path,
    cache: Path,
    current: Path,
    force: bool,
    reporter: Reporter,
) -> PluginSources:
    """Render kernels, the version's templates and the manifest into `folder`.

    Args:
        templates: the ``templates`` folder.
        folder: the build folder of this version.
        cache: where what was read of the release's operators is kept.
        current: the file that names the version generated last.

    Raises:
        SpecError: the op spec is wrong; nothing is written then.
        CodegenError: a template is wrong; nothing is written then.
        EditedError: a rendered file was changed by hand.
    """
    spec = official.spec
    with host_errors(STAGE, folder):
        inputs = inputs_digest(official, templates)
        receipt = receipts.load(folder, STAGE)
        known = dict(receipt["files"]) if receipt else {}
        settled = receipt and receipt.get("inputs") == inputs and not receipt.get("pending")
        if settled and all(_digest(folder / path) == digest for path, digest in known.items()):
            files.write_if_changed(current, f"{spec.version}\n".encode())
            reporter.say(STAGE, f"up to date: {len(known)} files")
            return PluginSources(official, folder, known, folder / MANIFEST)
        outputs = _render(official, templates, cache)
        manifest = describe(official, templates, outputs)
        outputs[MANIFEST] = Output((json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode())
        done = publish(
            folder,
            outputs,
            known,
            stage=STAGE,
            backup=folder / "backup",
            force=force,
            pending=dict(receipt.get("pending", {})) if receipt else None,
            begin=lambda pending: receipts.save(folder, STAGE, files=known, pending=pending),
        )
        files.write_if_changed(current, f"{spec.version}\n".encode())
        digests = {path: output.digest for path, output in outputs.items()}
        receipts.save(folder, STAGE, files=digests, inputs=inputs, official=official.sha256)
    reporter.say(STAGE, f"{done.written} files written, {done.removed} removed, {len(outputs)} all")
    return PluginSources(official, folder, digests, folder / MANIFEST)


def _digest(path: Path) -> str | None:
    return sha256_file(path) if path.is_file() and not path.is_symlink() else None


def _render(official: OfficialWheel, templates: Path, cache: Path) -> dict[str, Output]:
    # Only here: a run that has nothing to render does not wait for the renderer.
    from ascendtorch.opspec.render import render  # noqa: PLC0415
    from ascendtorch.opspec.schema import TorchgenSource, load_schema  # noqa: PLC0415
    from ascendtorch.stages.render import Renderer  # noqa: PLC0415

    spec = official.spec
    renderer = Renderer(templates)
    outputs: dict[str, Output] = {}
    for rule in spec.templates:
        _refuse_own(rule.output, spec)
        values = {"version": spec.version, "layout": spec.layout, **rule.values}
        outputs[rule.output] = Output(renderer.render(rule.template, values))
    schema = load_schema(TorchgenSource(schema_folder(official)), spec.version, cache)
    where = spec.kernels
    for name, data in render(templates / where.spec, templates / where.templates, schema).items():
        outputs[f"{where.output}/{name}"] = Output(data)
    return outputs


def _refuse_own(output: str, spec: PluginSpec) -> None:
    if output in (MANIFEST, f"{STAGE}.json") or output.startswith(f"{spec.kernels.output}/"):
        raise CodegenError(
            f"{output} is a file that ascendtorch itself writes",
            stage=STAGE,
            path=spec.folder / "version.yaml",
            remedy="give the template another output",
        )


def describe(
    official: OfficialWheel, templates: Path, outputs: dict[str, Output]
) -> dict[str, Any]:
    """Return the manifest: everything rendered, by hash, without times or places."""
    spec = official.spec
    data = [rule.template for rule in spec.templates]
    for name in (spec.kernels.spec, spec.kernels.templates):
        found = (path for path in (templates / name).rglob("*") if path.is_file())
        data += sorted(path.relative_to(templates).as_posix() for path in found)
    return {
        "schema": 1,
        "made_by": f"ascendtorch {__version__}",
        "version": spec.version,
        "layout": spec.layout,
        "upstream": {
            "name": spec.upstream.name,
            "version": spec.upstream.version,
            "file": official.path.name,
            "sha256": official.sha256,
        },
        "templates": {name: sha256_file(templates / name) for name in data},
        "generated": {path: output.digest for path, output in outputs.items()},
    }
