"""Prints the operators of a PyTorch 1.x source tree as JSON, by the tree's own ``tools.codegen``.

Run in a process of its own with that tree on its path (see `schema`), never imported by ours.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

#: What these releases name inside the namespace ``at``, where kernels of ours are not.
_OF_AT = re.compile(
    r"(?<![\w:])(Tensor|Scalar|ScalarType|Generator|Storage|Layout|Device|MemoryFormat|Dimname"
    r"|Stream|QScheme|ConstQuantizerPtr|IntArrayRef|TensorList|DimnameList|ArrayRef)\b"
)


def dump(sources: Path) -> list[dict[str, Any]]:
    """Describe every overload of ``native_functions.yaml`` in the folder `sources`."""
    gen = importlib.import_module("tools.codegen.gen")
    context = importlib.import_module("tools.codegen.context")
    overloads = []
    for function in gen.parse_native_yaml(str(sources / "native_functions.yaml")):
        with context.native_function_manager(function):
            overloads.append(_describe(function))
    return overloads


def _describe(function: Any) -> dict[str, Any]:
    types = importlib.import_module("tools.codegen.api.types")
    # Kernels of a device are called as the dispatcher is; upstream's own may have older signatures
    # and wrappers around them.
    signature = types.DispatcherSignature.from_schema(function.func)
    name = function.func.name
    arguments = [
        {
            "name": binding.name,
            "cpp": _qualified(binding.type),
            "type": str(binding.argument.type),
            "default": binding.argument.default,
        }
        for binding in signature.arguments()
    ]
    keys = {str(key) for key in function.dispatch}
    return {
        "name": str(name),
        "base": str(name.name),
        "ident": str(name).replace(".", "_"),
        "schema": str(function.func),
        "kind": function.func.kind().name,
        "returns": _qualified(signature.returns_type()),
        "arguments": arguments,
        # What also has kernels of devices has a formula for its gradient.
        "implicit": keys == {"Math"},
        "explicit": bool(keys & {"Math", "DefaultBackend"}),
        "structured": function.structured,
        # A structured function is computed by its `out` form on the CPU and on CUDA only.
        "delegate": None,
        "generated": False,
        "group": str(name.name.base),
    }


def _qualified(cpp: str) -> str:
    return _OF_AT.sub(r"at::\1", cpp).replace(",", ", ")


if __name__ == "__main__":
    json.dump(dump(Path(sys.argv[1])), sys.stdout)
