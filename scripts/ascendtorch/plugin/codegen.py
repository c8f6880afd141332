"""Codegen of the plugin layout: kernels from the op spec, templates, and the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ascendtorch import __version__
from ascendtorch.edge import files
from ascendtorch.edge.files import host_errors
from ascendtorch.opspec.schema import TorchgenSource
from ascendtorch.pipeline.kernels import CODE, inputs_of, render_kernels
from ascendtorch.plugin.results import OfficialWheel, PluginSources
from ascendtorch.plugin.unpack import schema_folder
from ascendtorch.report.reporter import Reporter
from ascendtorch.stages import receipts
from ascendtorch.stages.codegen import (
    MANIFEST,
    manifest_output,
    render_templates,
    template_digests,
)
from ascendtorch.stages.publish import Output
from ascendtorch.stages.recorded import digest_inputs, digests, is_settled, publish_recorded
from ascendtorch.stages.render import STAGE


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
    data += inputs_of(spec.kernels, templates)
    code = (*CODE, "stages/codegen.py", "plugin/codegen.py")
    return digest_inputs(official.sha256, data, code)


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
        if receipt is not None and is_settled(folder, receipt, inputs=inputs):
            known = dict(receipt["files"])
            files.write_if_changed(current, f"{spec.version}\n".encode())
            reporter.say(STAGE, f"up to date: {len(known)} files")
            return PluginSources(official, folder, known, folder / MANIFEST)
        outputs = _render(official, templates, cache)
        outputs[MANIFEST] = manifest_output(describe(official, templates, outputs))
        done = publish_recorded(
            folder,
            outputs,
            receipt,
            stage=STAGE,
            state=folder,
            name=STAGE,
            backup=folder / "backup",
            force=force,
            inputs=inputs,
            official=official.sha256,
        )
        files.write_if_changed(current, f"{spec.version}\n".encode())
    reporter.say(STAGE, f"{done.written} files written, {done.removed} removed, {len(outputs)} all")
    return PluginSources(official, folder, digests(outputs), folder / MANIFEST)


def _render(official: OfficialWheel, templates: Path, cache: Path) -> dict[str, Output]:
    spec = official.spec
    ours = (MANIFEST, f"{STAGE}.json", f"{spec.kernels.output}/")
    outputs = render_templates(spec, templates, ours)
    source = TorchgenSource(schema_folder(official))
    rendered = render_kernels(spec.kernels, templates, source, spec.version, cache)
    outputs.update({f"{spec.kernels.output}/{name}": Output(d) for name, d in rendered.items()})
    return outputs


def describe(
    official: OfficialWheel, templates: Path, outputs: Mapping[str, Output]
) -> dict[str, Any]:
    """Return the manifest: everything rendered, by hash, without times or places."""
    spec = official.spec
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
        "templates": template_digests(spec, spec.kernels, templates),
        "generated": digests(outputs),
    }
