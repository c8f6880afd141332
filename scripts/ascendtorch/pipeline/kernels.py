"""Kernels from the op spec: what both layouts share of rendering them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ascendtorch.opspec.schema import CodegenSource, SchemaSource, load_schema
from ascendtorch.spec.release import KernelRule
from ascendtorch.spec.version import VersionSpec
from ascendtorch.stages.codegen import Kernels
from ascendtorch.stages.recorded import digest_inputs, files_below

#: What rendering depends on besides data: our own code, as paths in the package.
CODE = (
    "opspec",
    "pipeline/kernels.py",
    "stages/render.py",
    "spec/reader.py",
    "spec/yamlfile.py",
)


def inputs_of(rule: KernelRule, templates: Path) -> list[Path]:
    """Return the files that kernels are rendered from."""
    return [
        *files_below(templates / rule.spec),
        *files_below(templates / rule.templates),
    ]


def render_kernels(
    rule: KernelRule, templates: Path, source: SchemaSource, version: str, cache: Path
) -> Mapping[str, bytes]:
    """Render the op spec for a release; content by file name.

    Args:
        source: where the release's operators are read from.
        cache: where what was read of them is kept.

    Raises:
        SpecError: the op spec is wrong.
        CodegenError: the operators cannot be read, or a template is wrong.
    """
    # Only here: a run that has nothing to render does not wait for the renderer.
    from ascendtorch.opspec.render import render  # noqa: PLC0415

    schema = load_schema(source, version, cache)
    return render(templates / rule.spec, templates / rule.templates, schema)


def kernels_of(spec: VersionSpec, tree: Path, templates: Path, cache: Path) -> Kernels | None:
    """Return how the kernels of a tree are rendered; None where the version has none.

    Raises:
        CodegenError: the tree lacks what its operators are read from.
    """
    rule = spec.kernels
    if rule is None:
        return None
    source = CodegenSource(tree)
    data = [spec.folder / "version.yaml", *inputs_of(rule, templates)]
    return Kernels(
        digest_inputs(source.digest(), data, CODE),
        lambda: render_kernels(rule, templates, source, spec.version, cache),
    )
