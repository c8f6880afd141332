"""Renders the op spec: kernels and registrations in C++.

    python -m ascendtorch.opspec.render --torch SITE_PACKAGES --out DIR

is for work on the kernels; the pipeline calls `render`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ascendtorch.edge.files import host_errors, write_if_changed
from ascendtorch.errors import AscendTorchError, SpecError
from ascendtorch.opspec.kernel import Kernel
from ascendtorch.opspec.schema import STAGE, Schema, TorchgenSource, load_schema
from ascendtorch.opspec.spec import CATEGORIES, OpSpec, load_spec
from ascendtorch.stages.render import Renderer

_REGISTER = "register.cpp.j2"
_FAMILY = "family.cpp.j2"


def render(spec_dir: Path, templates_dir: Path, schema: Schema) -> dict[str, bytes]:
    """Return every rendered file by its name. The same input, the same bytes.

    Args:
        spec_dir: ``templates/ops``.
        templates_dir: ``templates/kernels``.
        schema: the operators of the release that is built for.

    Raises:
        SpecError: a fault of the spec, with file, line and remedy.
        CodegenError: a fault of a template.
    """
    return render_spec(load_spec(spec_dir, templates_dir, schema), templates_dir)


def render_spec(spec: OpSpec, templates_dir: Path) -> dict[str, bytes]:
    """Render a spec that was read before."""
    renderer = Renderer(templates_dir)
    by_source: dict[str, list[Kernel]] = {}
    by_file: dict[str, list[Kernel]] = {}
    for kernel in spec.kernels:
        if kernel.source:
            by_source.setdefault(kernel.source, []).append(kernel)
        else:
            by_file.setdefault(kernel.entry.file, []).append(kernel)
    rendered = {}
    for source, kernels in by_source.items():
        name = f"register_{PurePosixPath(source).stem}.cpp"
        rendered[name] = renderer.render(_REGISTER, {"source": source, "kernels": kernels})
    for file, kernels in by_file.items():
        rules = dict.fromkeys(case.rule for kernel in kernels for case in kernel.values["cases"])
        values = {
            "file": file,
            "kernels": kernels,
            "rules": {rule: f"kTypes{number}" for number, rule in enumerate(rules)},
            "templates": {name: category.template for name, category in CATEGORIES.items()},
        }
        rendered[f"ops_{file}.cpp"] = renderer.render(_FAMILY, values)
    return rendered


def write(rendered: dict[str, bytes], out: Path) -> list[Path]:
    """Write what differs, remove what is no longer rendered; return what was written."""
    with host_errors(STAGE, out):
        for old in [*out.glob("register_*.cpp"), *out.glob("ops_*.cpp")]:
            if old.name not in rendered:
                old.unlink()
        return [out / name for name, data in rendered.items() if write_if_changed(out / name, data)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; 0, or the exit code of what went wrong."""
    root = Path(__file__).resolve().parents[3]
    parser = argparse.ArgumentParser(prog="ascendtorch.opspec.render", description=__doc__)
    parser.add_argument("--torch", type=Path, required=True, help="the folder of torchgen/")
    parser.add_argument("--version", default="2.13.0", help="the release that it is (2.13.0)")
    parser.add_argument("--out", type=Path, required=True, help="where the rendered files go")
    parser.add_argument("--cache", type=Path, help="keeps what was read of the release")
    parser.add_argument("--lenient", action="store_true", help="leave out what is wrong")
    options = parser.parse_args(arguments)
    faults: list[SpecError] = []
    templates = root / "templates" / "kernels"
    try:
        schema = load_schema(TorchgenSource(options.torch), options.version, options.cache)
        on_error = faults.append if options.lenient else None
        spec = load_spec(root / "templates" / "ops", templates, schema, on_error)
        write(render_spec(spec, templates), options.out)
    except AscendTorchError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    for fault in faults:
        print(fault, file=sys.stderr)
    return faults[0].exit_code if faults else 0


if __name__ == "__main__":
    sys.exit(main())
