"""Prints the operators of a PyTorch release as JSON, by the release's own torchgen.

Run in a process of its own with that torchgen on its path (see `schema`), never imported by it.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any


def dump(sources: Path) -> list[dict[str, Any]]:
    """Describe every overload of ``native_functions.yaml`` in the folder `sources`."""
    gen = importlib.import_module("torchgen.gen")
    context = importlib.import_module("torchgen.context")
    types = importlib.import_module("torchgen.api.types")
    parsed = gen.parse_native_yaml(
        str(sources / "native_functions.yaml"), str(sources / "tags.yaml")
    )
    overloads = []
    for function in parsed.native_functions:
        # As a kernel that is registered for a device: tensor lists of structured operators and
        # some mutable tensors have other types there.
        with context.native_function_manager(function):
            signature = types.NativeSignature(function.func, symint=False)
            overloads.append(_describe(function, signature))
    return overloads


def _describe(function: Any, signature: Any) -> dict[str, Any]:
    name = function.func.name
    arguments = []
    for binding in signature.arguments():
        source = binding.argument
        arguments.append(
            {
                "name": binding.name,
                "cpp": binding.nctype.type.cpp_type(strip_ref=False),
                "type": str(getattr(source, "type", "")),
                "default": getattr(source, "default", None),
            }
        )
    return {
        "name": str(name),
        "base": str(name.name.base) + ("_" if name.name.inplace else ""),
        "ident": name.unambiguous_name(),
        "schema": str(function.func),
        "kind": function.func.kind().name,
        "returns": signature.returns_type().cpp_type(),
        "arguments": arguments,
        "implicit": function.has_composite_implicit_autograd_kernel,
        "explicit": function.has_composite_explicit_autograd_kernel
        or function.has_composite_explicit_autograd_non_functional_kernel,
        "structured": function.structured,
        "delegate": None
        if function.structured_delegate is None
        else str(function.structured_delegate),
        "generated": "generated" in function.tags,
        "group": str(function.root_name) if hasattr(function, "root_name") else str(name.name.base),
    }


if __name__ == "__main__":
    json.dump(dump(Path(sys.argv[1])), sys.stdout)
