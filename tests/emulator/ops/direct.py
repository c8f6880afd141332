"""Calls the table of functions that libascend_emu_ops.so exports, without the runtime."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from calls import FORMATS, KINDS, Call, EmuError, In, Out, dtype_value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import torch

MAX_DIMS = 16
CANARY = 64  # bytes behind the buffer of an output, which nothing may write to


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
    """The backend without the runtime: memory is the test's own, whatever the tensors' place."""

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
        self.run_built(emu)
        for index in range(len(call.outputs)):
            output = emu.outputs[index]
            if output.actual_ndim >= 0:
                call.actual[index] = tuple(output.actual_dims[: output.actual_ndim])

    def run_built(self, emu: EmuCall) -> None:
        self._do(self.ops.run, emu)

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
        # As single as CANN's own functions take them.
        singles = [ctypes.c_float(value).value for value in values]
        attr.floats = (ctypes.c_double * max(len(values), 1))(*singles)
    elif kind.endswith("string"):
        texts = [value.encode() for value in values]
        attr.strings = (ctypes.c_char_p * max(len(texts), 1))(*texts)
    else:
        attr.ints = int64s(values)
