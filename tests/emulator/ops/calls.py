"""What a test says of a call of an operator: inputs, outputs, attributes; and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

DTYPES = {  # torch's names to values of aclDataType
    "float32": 0, "float16": 1, "int8": 2, "int32": 3, "uint8": 4, "int16": 6, "uint16": 7,
    "uint32": 8, "int64": 9, "uint64": 10, "float64": 11, "bool": 12, "complex64": 16,
    "complex128": 17, "bfloat16": 27,
}  # fmt: skip
DT_NAMES = {  # as describe() names them
    "DT_FLOAT": 0, "DT_FLOAT16": 1, "DT_INT8": 2, "DT_INT32": 3, "DT_UINT8": 4, "DT_INT16": 6,
    "DT_UINT16": 7, "DT_UINT32": 8, "DT_INT64": 9, "DT_UINT64": 10, "DT_DOUBLE": 11,
    "DT_BOOL": 12, "DT_COMPLEX64": 16, "DT_COMPLEX128": 17, "DT_BF16": 27,
}  # fmt: skip
FORMATS = {
    "NCHW": 0, "NHWC": 1, "ND": 2, "NC1HWC0": 3, "FRACTAL_Z": 4, "HWCN": 16, "NDHWC": 27,
    "FRACTAL_NZ": 29, "NCDHW": 30, "NDC1HWC0": 32, "FRACTAL_Z_3D": 33,
}  # fmt: skip

# Values of aclError that refusals carry.
INPUT_NOT_MATCH = 100021
OUTPUT_NOT_MATCH = 100022
ATTR_NOT_MATCH = 100023
NOT_FOUND = 100024
UNSUPPORTED_TYPE = 100026
FORMAT_NOT_MATCH = 100027
UNSUPPORTED_DYNAMIC = 148050
AICORE_EXCEPTION = 507015


class EmuError(Exception):
    """An operator was refused or failed: an aclError and its text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


@dataclass
class In:
    """An input that is more than a tensor."""

    tensor: torch.Tensor
    name: str = ""
    host: bool = False  # a constant in host memory
    format: str = "ND"
    origin_shape: Sequence[int] | None = None
    origin_format: str | None = None
    updated: bool = False  # the operator writes to it, though it is no output


@dataclass
class Out:
    """An output to be made: `shape` is that of the buffer, in its layout; -1 for unknown dims."""

    dtype: torch.dtype
    shape: Sequence[int]
    format: str = "ND"
    origin_shape: Sequence[int] | None = None
    origin_format: str | None = None
    room: int | None = None  # elements in the buffer, when the shape does not say
    inplace: int | None = None  # writes to the memory of the input of this number


@dataclass
class Typed:
    """An attribute whose kind its Python value does not tell, such as an empty list."""

    kind: str
    value: Any


def host(values: Any, dtype: str = "int64") -> In:
    """A constant input, such as axes or a shape."""
    import torch

    return In(torch.tensor(values, dtype=getattr(torch, dtype)), host=True)


def dtype_value(dtype: torch.dtype) -> int:
    return DTYPES[str(dtype).removeprefix("torch.")]


KINDS = [
    "bool", "int", "float", "string", "dtype", "list_bool", "list_int", "list_float",
    "list_string", "list_dtype", "list_list_int",
]  # fmt: skip


def attr_kind(value: Any) -> tuple[str, Any]:
    """The kind of an attribute by its Python value, and the value as numbers and texts."""
    if isinstance(value, Typed):
        return value.kind, value.value
    if isinstance(value, (list, tuple)):
        if value and isinstance(value[0], (list, tuple)):
            return "list_list_int", [list(inner) for inner in value]
        kind, _ = attr_kind(value[0]) if value else ("int", 0)
        return "list_" + kind, [attr_kind(item)[1] for item in value]
    if type(value).__name__ == "dtype":
        return "dtype", dtype_value(value)
    for kind, types in (("bool", bool), ("int", int), ("float", float), ("string", str)):
        if isinstance(value, types):
            return kind, value
    raise TypeError(f"no attribute kind for {value!r}")


@dataclass
class Call:
    """One call with its memory; backends fill in `actual`."""

    op: str
    inputs: list[In | None]
    outputs: list[Out | None]
    attrs: dict[str, tuple[str, Any]]
    buffers: list[Any] = field(default_factory=list)  # of the outputs, byte tensors
    actual: list[tuple[int, ...] | None] = field(default_factory=list)
