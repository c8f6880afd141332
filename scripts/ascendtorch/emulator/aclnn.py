"""Renders the emulator's aclnn functions from their spec: libopapi.so and its operators.

Run by the emulator's build: ``python -m ascendtorch.emulator.aclnn --templates DIR --out DIR``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ascendtorch.edge.files import host_errors, write_if_changed
from ascendtorch.emulator.aclnn_spec import load_spec
from ascendtorch.errors import AscendTorchError
from ascendtorch.stages.render import Renderer

SPEC = "aclnn.yaml"
#: Template and output: the C functions, their operators, and a header with their prototypes.
OUTPUTS = (
    ("opapi.cpp.j2", "opapi.cpp"),
    ("aclnn_ops.cpp.j2", "aclnn_ops.cpp"),
    ("aclnn_ops.h.j2", "include/aclnnop/aclnn_ops.h"),
)


def render(templates: Path) -> dict[str, bytes]:
    """Return every output by its path below the output folder. The same input, the same bytes."""
    spec = load_spec(templates / SPEC)
    renderer = Renderer(templates)
    values = {"types": spec.types, "functions": spec.functions}
    return {output: renderer.render(template, values) for template, output in OUTPUTS}


def write(templates: Path, out: Path) -> list[Path]:
    """Render into a folder; return what was written, which is what had changed."""
    rendered = render(templates)
    with host_errors("codegen", out):
        return [out / name for name, data in rendered.items() if write_if_changed(out / name, data)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 0, or the exit code of what went wrong."""
    parser = argparse.ArgumentParser(prog="ascendtorch.emulator.aclnn", description=__doc__)
    parser.add_argument("--templates", type=Path, required=True, help=f"the folder of {SPEC}")
    parser.add_argument("--out", type=Path, required=True, help="where the rendered files go")
    options = parser.parse_args(arguments)
    try:
        write(options.templates, options.out)
    except AscendTorchError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
