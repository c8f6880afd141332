"""Calls operators of the emulator with torch tensors, for tests.

`run_op` is all that tests use. It goes through the backend that the conftest chose: straight to
libascend_emu_ops.so, or through libascendcl.so as a program would.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

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
MAX_DIMS = 16

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


class Backend(Protocol):
    def run(self, call: Call) -> None:
        """Check and compute; EmuError when either is refused."""


_backend: Backend | None = None


def use(backend: Backend) -> None:
    """Make `backend` the one that run_op goes through."""
    global _backend  # noqa: PLW0603
    _backend = backend


@dataclass
class Call:
    """One call with its memory; backends fill in `actual`."""

    op: str
    inputs: list[In | None]
    outputs: list[Out | None]
    attrs: dict[str, tuple[str, Any]]
    buffers: list[Any] = field(default_factory=list)  # of the outputs, byte tensors
    actual: list[tuple[int, ...] | None] = field(default_factory=list)


CANARY = 64


def run_op(
    op: str,
    inputs: Sequence[torch.Tensor | In | None],
    outputs: Sequence[Out | tuple[torch.dtype, Sequence[int]] | None],
    attrs: dict[str, Any] | None = None,
) -> list[Any]:
    """Run one operator and return its outputs, None for those that were not asked for."""
    import torch

    assert _backend is not None, "no backend: see conftest.py"
    call = Call(
        op,
        [x if isinstance(x, In) or x is None else In(x) for x in inputs],
        [o if isinstance(o, Out) or o is None else Out(*o) for o in outputs],
        {name: attr_kind(value) for name, value in (attrs or {}).items()},
    )
    for index, given in enumerate(call.inputs):
        if given is not None:  # own memory, so that a test sees inputs that are written to
            call.inputs[index] = In(**{**vars(given), "tensor": given.tensor.clone().contiguous()})
    for out in call.outputs:
        call.buffers.append(None if out is None else make_buffer(out, call.inputs))
    call.actual = [None] * len(call.outputs)
    before = [None if x is None else x.tensor.clone() for x in call.inputs]
    _backend.run(call)
    in_place = {out.inplace for out in call.outputs if out is not None}
    for index, (given, old) in enumerate(zip(call.inputs, before)):
        if given is not None and old is not None and index not in in_place:
            same = bytes_of(given.tensor).equal(bytes_of(old))
            assert same, f"{op} wrote to its input {index}"
    results: list[Any] = []
    for out, buffer, actual in zip(call.outputs, call.buffers, call.actual):
        if out is None:
            results.append(None)
            continue
        if out.inplace is None:
            assert bool((buffer[-CANARY:] == 0xA5).all()), f"{op} wrote past the end of an output"
        shape = actual if actual is not None and dynamic(out) else tuple(out.shape)
        count = 1
        for dim in shape:
            count *= dim
        flat = (
            buffer[: count * itemsize(out.dtype)].view(out.dtype)
            if count
            else torch.empty(0, dtype=out.dtype)
        )
        results.append(flat.reshape(shape).clone())
    return results


TOLERANCES = {"float16": 2e-3, "bfloat16": 2e-2, "float32": 1e-5, "complex64": 1e-5}


def expect(
    op: str,
    inputs: Sequence[torch.Tensor | In | None],
    expected: torch.Tensor | Sequence[torch.Tensor | None],
    attrs: dict[str, Any] | None = None,
    tolerance: float | None = None,
) -> None:
    """Run an operator and compare every output with what is expected: dtype, shape and values.

    `tolerance` is relative and absolute; by default it follows from the dtype, and is 0 for
    integers. Reference values of 16-bit floats are best computed in float and cast.
    """
    import torch

    wanted = [expected] if isinstance(expected, torch.Tensor) else list(expected)
    outputs = [None if w is None else Out(w.dtype, tuple(w.shape)) for w in wanted]
    for result, want in zip(run_op(op, inputs, outputs, attrs), wanted):
        if want is None:
            continue
        close = TOLERANCES.get(str(want.dtype).removeprefix("torch."), 1e-12)
        exact = not (want.is_floating_point() or want.is_complex())
        within = tolerance if tolerance is not None else 0.0 if exact else close
        torch.testing.assert_close(result, want, rtol=within, atol=within, equal_nan=True)


def wide(x: torch.Tensor) -> torch.Tensor:
    """16-bit floats as float32, for references; other types as they are."""
    return x.float() if str(x.dtype) in ("torch.float16", "torch.bfloat16") else x


def dynamic(out: Out) -> bool:
    return out.room is not None or any(dim < 0 for dim in out.shape)


def itemsize(dtype: torch.dtype) -> int:
    import torch

    return torch.empty(0, dtype=dtype).element_size()


def bytes_of(tensor: torch.Tensor) -> torch.Tensor:
    import torch

    return tensor.contiguous().reshape(-1).view(torch.uint8)


def elements(out: Out) -> int:
    if out.room is not None:
        return out.room
    count = 1
    for dim in out.shape:
        count *= dim
    return count


def make_buffer(out: Out, inputs: Sequence[In | None]) -> Any:
    import torch

    if out.inplace is not None:
        given = inputs[out.inplace]
        assert given is not None
        return bytes_of(given.tensor)
    return torch.full((elements(out) * itemsize(out.dtype) + CANARY,), 0xA5, dtype=torch.uint8)


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


# ---- Straight to the operator library


class EmuTensor(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("bytes", ctypes.c_uint64),
        ("absent", ctypes.c_int32),
        ("host", ctypes.c_int32),
        ("dtype", ctypes.c_int32),
        ("format", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("dims", ctypes.POINTER(ctypes.c_int64)),
        ("origin_format", ctypes.c_int32),
        ("origin_ndim", ctypes.c_int32),
        ("origin_dims", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("offset", ctypes.c_int64),
        ("actual_ndim", ctypes.c_int32),
        ("actual_dims", ctypes.c_int64 * MAX_DIMS),
    ]


class EmuAttr(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("kind", ctypes.c_int32),
        ("count", ctypes.c_uint64),
        ("ints", ctypes.POINTER(ctypes.c_int64)),
        ("floats", ctypes.POINTER(ctypes.c_double)),
        ("strings", ctypes.POINTER(ctypes.c_char_p)),
        ("lists", ctypes.POINTER(ctypes.POINTER(ctypes.c_int64))),
        ("lengths", ctypes.POINTER(ctypes.c_uint64)),
    ]


class EmuCall(ctypes.Structure):
    _fields_ = [
        ("op", ctypes.c_char_p),
        ("num_inputs", ctypes.c_int32),
        ("inputs", ctypes.POINTER(EmuTensor)),
        ("num_outputs", ctypes.c_int32),
        ("outputs", ctypes.POINTER(EmuTensor)),
        ("num_attrs", ctypes.c_int32),
        ("attrs", ctypes.POINTER(EmuAttr)),
    ]


class EmuText(ctypes.Structure):
    _fields_ = [("text", ctypes.c_char_p), ("capacity", ctypes.c_size_t)]


CallFunction = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.POINTER(EmuCall), ctypes.POINTER(EmuText))


class EmuOps(ctypes.Structure):
    _fields_ = [
        ("abi", ctypes.c_uint32),
        ("check", CallFunction),
        ("run", CallFunction),
        ("infer", CallFunction),
        ("describe", ctypes.CFUNCTYPE(ctypes.c_char_p)),
    ]


def int64s(values: Sequence[int]) -> Any:
    return (ctypes.c_int64 * max(len(values), 1))(*values)


class Direct:
    """Calls the table of functions that libascend_emu_ops.so exports."""

    def __init__(self, library: Path) -> None:
        import torch  # noqa: F401  (its libraries are those that the operators need)

        entry = ctypes.CDLL(str(library)).ascend_emu_ops
        entry.restype = ctypes.POINTER(EmuOps)
        self.ops = entry(1).contents

    def describe(self) -> str:
        return str(self.ops.describe().decode())

    def run(self, call: Call) -> None:
        emu, hidden = self.build(call)
        self._do(self.ops.check, emu)
        for tensor, data in hidden:
            tensor.data = data
        self._do(self.ops.run, emu)
        for index in range(len(call.outputs)):
            output = emu.outputs[index]
            if output.actual_ndim >= 0:
                call.actual[index] = tuple(output.actual_dims[: output.actual_ndim])

    def infer(self, call: Call) -> list[tuple[int, ...]]:
        emu, _ = self.build(call)
        self._do(self.ops.infer, emu)
        outputs = (emu.outputs[index] for index in range(len(call.outputs)))
        return [tuple(output.actual_dims[: output.actual_ndim]) for output in outputs]

    @staticmethod
    def _do(function: Any, emu: EmuCall) -> None:
        buffer = ctypes.create_string_buffer(2048)
        text = EmuText(ctypes.cast(buffer, ctypes.c_char_p), len(buffer))
        code = function(ctypes.byref(emu), ctypes.byref(text))
        if code != 0:
            raise EmuError(code, buffer.value.decode())

    @staticmethod
    def build(call: Call) -> tuple[EmuCall, list[tuple[EmuTensor, int]]]:
        """The C structures, and what `data` is to be once `check` has not seen it."""
        hidden = []
        inputs = (EmuTensor * max(len(call.inputs), 1))()
        for emu, given in zip(inputs, call.inputs):
            emu.name, emu.absent, emu.dtype = b"", int(given is None), -1
            emu.origin_format = emu.origin_ndim = -1
            if given is None:
                continue
            describe(emu, given, given.tensor.dtype, given.tensor.shape)
            emu.name, emu.host = given.name.encode(), int(given.host)
            emu.bytes = given.tensor.numel() * given.tensor.element_size()
            address = given.tensor.data_ptr() if emu.bytes else None
            if given.host:
                emu.data = address
            else:
                hidden.append((emu, address))
        outputs = (EmuTensor * max(len(call.outputs), 1))()
        for emu, out, buffer in zip(outputs, call.outputs, call.buffers):
            emu.name, emu.absent, emu.dtype = b"", int(out is None), -1
            emu.origin_format = emu.origin_ndim = emu.actual_ndim = -1
            if out is None:
                continue
            describe(emu, out, out.dtype, out.shape)
            emu.bytes = buffer.numel() - (CANARY if out.inplace is None else 0)
            hidden.append((emu, buffer.data_ptr() if emu.bytes else None))
        attrs = (EmuAttr * max(len(call.attrs), 1))()
        for attr, (name, (kind, value)) in zip(attrs, call.attrs.items()):
            attr.name, attr.kind = name.encode(), KINDS.index(kind)
            fill_attr(attr, kind, value if kind.startswith("list") else [value])
        emu_call = EmuCall(
            call.op.encode(), len(call.inputs), inputs, len(call.outputs), outputs,
            len(call.attrs), attrs,
        )  # fmt: skip
        return emu_call, hidden


def describe(emu: EmuTensor, given: In | Out, dtype: torch.dtype, shape: Sequence[int]) -> None:
    emu.dtype = dtype_value(dtype)
    emu.format = FORMATS[given.format]
    emu.ndim, emu.dims = len(shape), int64s(shape)
    if given.origin_format is not None:
        emu.origin_format = FORMATS[given.origin_format]
    if given.origin_shape is not None:
        emu.origin_ndim, emu.origin_dims = len(given.origin_shape), int64s(given.origin_shape)


def fill_attr(attr: EmuAttr, kind: str, values: list[Any]) -> None:
    attr.count = len(values)
    if kind == "list_list_int":
        lists = [ctypes.cast(int64s(inner), ctypes.POINTER(ctypes.c_int64)) for inner in values]
        attr.lists = (ctypes.POINTER(ctypes.c_int64) * max(len(lists), 1))(*lists)
        attr.lengths = (ctypes.c_uint64 * max(len(lists), 1))(*map(len, values))
    elif kind.endswith("float"):
        attr.floats = (ctypes.c_double * max(len(values), 1))(*values)
    elif kind.endswith("string"):
        texts = [value.encode() for value in values]
        attr.strings = (ctypes.c_char_p * max(len(texts), 1))(*texts)
    else:
        attr.ints = int64s(values)
