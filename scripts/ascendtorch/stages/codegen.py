"""Codegen: kernels and templates rendered all or none, and the manifest of what the tree is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from ascendtorch import __version__
from ascendtorch.edge import files, git
from ascendtorch.edge.files import host_errors, sha256_file
from ascendtorch.errors import CodegenError
from ascendtorch.report.reporter import Reporter
from ascendtorch.spec.release import KernelRule, ReleaseSpec
from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages import receipts
from ascendtorch.stages.publish import Output
from ascendtorch.stages.recorded import (
    digests,
    exclude,
    files_below,
    is_settled,
    publish_into_tree,
    publish_recorded,
)
from ascendtorch.stages.render import STAGE, Renderer
from ascendtorch.stages.results import GeneratedTree, OverlaidTree

MANIFEST = "manifest.json"
#: The receipt of what is rendered into the tree.
KERNELS = "kernels"


@dataclass(frozen=True)
class Kernels:
    """How the op spec becomes files; handed in, for it is read above the stages.

    Attributes:
        inputs: a digest of all that they depend on.
        render: returns content by name below the folder of kernels.
    """

    inputs: str
    render: Callable[[], Mapping[str, bytes]]


def load(overlaid: OverlaidTree, folder: Path) -> GeneratedTree | None:
    """Return what the receipts describe, or None."""
    state = overlaid.patched.fetched.state
    receipt = receipts.load(state, STAGE)
    manifest = folder / MANIFEST
    unfinished = (receipts.load(folder, STAGE) or {}).get("pending")
    if receipt is None or unfinished or not manifest.exists():
        return None
    rendered: dict[str, str] = {}
    if overlaid.patched.fetched.spec.kernels is not None:
        kept = receipts.load(state, KERNELS)
        if kept is None or kept.get("pending"):
            return None
        rendered = dict(kept["files"])
    return GeneratedTree(overlaid, rendered, dict(receipt["files"]), manifest)


def codegen(
    overlaid: OverlaidTree,
    kernels: Kernels | None,
    *,
    templates: Path,
    folder: Path,
    current: Path,
    force: bool,
    reporter: Reporter,
) -> GeneratedTree:
    """Render kernels into the tree, the version's templates and its manifest into `folder`.

    Args:
        kernels: None where the version has none.
        templates: the ``templates`` folder.
        folder: the build folder of this version.
        current: the file that names the version generated last.

    Raises:
        SpecError: the op spec is wrong; nothing is written then.
        CodegenError: a template is wrong; nothing is written then.
        EditedError: a rendered file was changed by hand.
    """
    fetched = overlaid.patched.fetched
    outputs = render_templates(fetched.spec, templates, (MANIFEST, f"{STAGE}.json"))
    with host_errors(STAGE, folder):
        rendered, said = _kernels(overlaid, kernels, force=force)
        manifest = describe(overlaid, templates, outputs, rendered)
        outputs[MANIFEST] = manifest_output(manifest)
        # Beside the files, for they outlive the tree and serve every tree of this version.
        receipt = receipts.load(folder, STAGE) or receipts.load(fetched.state, STAGE)
        done = publish_recorded(
            folder,
            outputs,
            receipt,
            stage=STAGE,
            state=folder,
            name=STAGE,
            backup=folder / "backup",
            force=force,
        )
        files.write_if_changed(current, f"{fetched.spec.version}\n".encode())
        receipts.save(fetched.state, STAGE, files=digests(outputs))
    if said:
        reporter.say(STAGE, said)
    if done.written or done.removed:
        reporter.say(STAGE, f"{done.written} files written, {done.removed} removed")
    elif not said:
        reporter.say(STAGE, f"up to date: {len(outputs) + len(rendered)} files")
    return GeneratedTree(overlaid, rendered, digests(outputs), folder / MANIFEST)


def _kernels(
    overlaid: OverlaidTree, kernels: Kernels | None, *, force: bool
) -> tuple[dict[str, str], str | None]:
    """Bring the kernels in the tree up to date; return them, and what is to be said of it."""
    fetched = overlaid.patched.fetched
    rule = fetched.spec.kernels
    receipt = receipts.load(fetched.state, KERNELS)
    if kernels is None or rule is None:
        if receipt is None:
            return {}, None
        wanted: dict[str, Output] = {}
        inputs = ""
    else:
        inputs = kernels.inputs
        if is_settled(fetched.tree, receipt, inputs=inputs, head=overlaid.patched.head):
            known = dict(receipt["files"]) if receipt else {}
            exclude(fetched.tree, KERNELS, known)
            return known, None
        wanted = {f"{rule.output}/{name}": Output(data) for name, data in kernels.render().items()}
        _refuse_taken(overlaid, rule)
    done = publish_into_tree(
        fetched.tree,
        wanted,
        receipt,
        stage=STAGE,
        state=fetched.state,
        name=KERNELS,
        force=force,
        inputs=inputs,
        head=overlaid.patched.head,
    )
    changed = done.written or done.removed
    text = f"{len(wanted)} kernel files: {done.written} written, {done.removed} removed"
    return digests(wanted), text if changed else None


def _refuse_taken(overlaid: OverlaidTree, rule: KernelRule) -> None:
    """Refuse a folder for kernels in which files of others lie."""
    patched = overlaid.patched
    entries = git.Repository.at(patched.fetched.tree).ls_tree(patched.head)
    for path in (*overlaid.files, *(entry.path for entry in entries)):
        if f"{path}/".startswith(f"{rule.output}/") or f"{rule.output}/".startswith(f"{path}/"):
            raise CodegenError(
                f"kernels would be rendered into {rule.output}, and {path} is there",
                stage=STAGE,
                path=patched.fetched.spec.folder / "version.yaml",
                remedy="choose a folder of their own for `output` of `kernels`",
            )


def render_templates(
    spec: ReleaseSpec, templates: Path, ours: tuple[str, ...]
) -> dict[str, Output]:
    """Render the templates of a version.

    Args:
        ours: outputs that no template may have; a folder's name ends in a slash.

    Raises:
        CodegenError: a template is wrong, or its output is a file that the tool itself writes.
    """
    renderer = Renderer(templates)
    outputs: dict[str, Output] = {}
    for rule in spec.templates:
        if any(rule.output == o or (o[-1] == "/" and rule.output.startswith(o)) for o in ours):
            raise CodegenError(
                f"{rule.output} is a file that ascendtorch itself writes",
                stage=STAGE,
                path=spec.folder / "version.yaml",
                remedy="give the template another output",
            )
        values = {"version": spec.version, "layout": spec.layout, **rule.values}
        outputs[rule.output] = Output(renderer.render(rule.template, values))
    return outputs


def manifest_output(manifest: Mapping[str, Any]) -> Output:
    """Return the file of a manifest."""
    return Output((json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode())


def describe(
    overlaid: OverlaidTree,
    templates: Path,
    outputs: Mapping[str, Output],
    rendered: Mapping[str, str],
) -> dict[str, Any]:
    """Return the manifest: everything the tree is made of, by hash, without times or places."""
    patched = overlaid.patched
    spec: VersionSpec = patched.fetched.spec
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
        "patched_submodules": dict(sorted(patched.module_heads.items())),
        "overlay": overlaid.files,
        "kernels": dict(rendered),
        "templates": template_digests(spec, spec.kernels, templates),
        "generated": digests(outputs),
    }


def template_digests(
    spec: ReleaseSpec, kernels: KernelRule | None, templates: Path
) -> dict[str, str]:
    """Return the digest of everything below ``templates`` that a version renders from."""
    names = [rule.template for rule in spec.templates]
    for folder in (kernels.spec, kernels.templates) if kernels else ():
        names += [p.relative_to(templates).as_posix() for p in files_below(templates / folder)]
    return {name: sha256_file(templates / name) for name in names}
