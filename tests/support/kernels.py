"""An op spec for checkouts on the miniature upstream, which knows a few operators."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import yaml

from support.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
#: The folder of kernels in the tree, as `add_kernels` sets it.
OUTPUT = "npu/generated"


def write_ops(templates: Path, file: str, overloads: Sequence[str]) -> Path:
    """Write one file of the op spec: a hand-written kernel in a source of the same name."""
    entry = {
        "op": overloads[0],
        "category": "handwritten",
        "source": f"kernels/{file}.cpp",
        "overloads": list(overloads),
    }
    path = templates / "ops" / f"{file}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump({"schema": 1, "operators": [entry]}), "utf-8")
    return path


def add_kernels(workspace: Workspace) -> Path:
    """Give a checkout kernels, without generating them; return their folder in the tree."""
    templates = workspace.root / "templates"
    shutil.copytree(ROOT / "templates" / "kernels", templates / "kernels")
    for name in ("twice", "thrice"):
        write_ops(templates, name, [name])
    rule = {"spec": "ops", "templates": "kernels", "output": OUTPUT}
    workspace.edit_version(lambda data: data.update(kernels=rule))
    return workspace.tree / OUTPUT
