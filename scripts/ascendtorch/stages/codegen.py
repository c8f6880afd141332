"""Codegen: templates rendered all or none, and the manifest that says what the tree is made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ascendtorch import __version__
from ascendtorch.edge import files
from ascendtorch.edge.files import host_errors, sha256_file
from ascendtorch.errors import CodegenError
from ascendtorch.report.reporter import Reporter
from ascendtorch.stages import receipts
from ascendtorch.stages.publish import Output, publish
from ascendtorch.stages.render import STAGE, Renderer
from ascendtorch.stages.results import GeneratedTree, OverlaidTree

MANIFEST = "manifest.json"


def load(overlaid: OverlaidTree, folder: Path) -> GeneratedTree | None:
    """Return what the receipt describes, or None."""
    receipt = receipts.load(overlaid.patched.fetched.state, STAGE)
    manifest = folder / MANIFEST
    unfinished = (receipts.load(folder, STAGE) or {}).get("pending")
    if receipt is None or unfinished or not manifest.exists():
        return None
    return GeneratedTree(overlaid, dict(receipt["files"]), manifest)


def codegen(
    overlaid: OverlaidTree,
    *,
    templates: Path,
    folder: Path,
    current: Path,
    force: bool,
    reporter: Reporter,
) -> GeneratedTree:
    """Render the version's templates and its manifest into `folder`.

    Args:
        templates: the ``templates`` folder.
        folder: the build folder of this version.
        current: the file that names the version generated last.

    Raises:
        CodegenError: a template is wrong; nothing is written then.
        EditedError: a rendered file was changed by hand.
    """
    fetched = overlaid.patched.fetched
    renderer = Renderer(templates)
    outputs: dict[str, Output] = {}
    for rule in fetched.spec.templates:
        if rule.output in (MANIFEST, f"{STAGE}.json"):
            raise CodegenError(
                f"{rule.output} is a file that ascendtorch itself writes",
                stage=STAGE,
                path=fetched.spec.folder / "version.yaml",
                remedy="give the template another output",
            )
        values = {"version": fetched.spec.version, "layout": fetched.spec.layout, **rule.values}
        outputs[rule.output] = Output(renderer.render(rule.template, values))
    manifest = describe(overlaid, templates, outputs)
    outputs[MANIFEST] = Output((json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode())
    with host_errors(STAGE, folder):
        # Beside the files, for they outlive the tree and serve every tree of this version.
        receipt = receipts.load(folder, STAGE) or receipts.load(fetched.state, STAGE)
        known = dict(receipt["files"]) if receipt else {}
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
        files.write_if_changed(current, f"{fetched.spec.version}\n".encode())
        digests = {path: output.digest for path, output in outputs.items()}
        receipts.save(folder, STAGE, files=digests)
        receipts.save(fetched.state, STAGE, files=digests)
    if done.written or done.removed:
        reporter.say(STAGE, f"{done.written} files written, {done.removed} removed")
    else:
        reporter.say(STAGE, f"up to date: {len(outputs)} files")
    return GeneratedTree(overlaid, digests, folder / MANIFEST)


def describe(overlaid: OverlaidTree, templates: Path, outputs: dict[str, Output]) -> dict[str, Any]:
    """Return the manifest: everything the tree is made of, by hash, without times or places."""
    patched = overlaid.patched
    spec = patched.fetched.spec
    return {
        "schema": 1,
        "made_by": f"ascendtorch {__version__}",
        "version": spec.version,
        "layout": spec.layout,
        "upstream": {
            "url": spec.upstream.url,
            "tag": spec.upstream.tag,
            "commit": spec.upstream.commit,
        },
        "submodules": dict(sorted(patched.fetched.modules.items())),
        "patches": [{"name": name, "sha256": digest} for name, digest in patched.patches.items()],
        "patched_commit": patched.head,
        "overlay": overlaid.files,
        "templates": {r.template: sha256_file(templates / r.template) for r in spec.templates},
        "generated": {path: output.digest for path, output in outputs.items()},
    }
