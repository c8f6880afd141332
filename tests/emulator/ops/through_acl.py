"""Calls operators as a program does: through libascendcl.so, in device memory, on a stream."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack
from ctypes import byref, c_char_p, c_float, c_int, c_int64, c_size_t, c_void_p
from typing import TYPE_CHECKING, Any

from calls import FORMATS, Call, EmuError, In, Out, dtype_value
from direct import CANARY, int64s

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

UNDEFINED = -1
HOST = 1  # ACL_MEMTYPE_HOST
TO_DEVICE, TO_HOST = 1, 2


class ThroughAcl:
    """The backend with the runtime, on device 0."""

    def __init__(self, library: Path) -> None:
        import torch  # noqa: F401  (its libraries are those that the operators need)

        self.acl = ctypes.CDLL(str(library))
        for name in ("aclCreateTensorDesc", "aclCreateDataBuffer", "aclopCreateAttr"):
            getattr(self.acl, name).restype = c_void_p
        self.acl.aclGetRecentErrMsg.restype = c_char_p
        self.acl.aclGetTensorDescNumDims.restype = c_size_t
        self.stream = c_void_p()
        self.need(self.acl.aclInit(None))
        self.need(self.acl.aclrtSetDevice(0))
        self.need(self.acl.aclrtCreateStream(byref(self.stream)))

    def close(self) -> None:
        self.need(self.acl.aclrtDestroyStream(self.stream))
        self.need(self.acl.aclrtResetDevice(0))
        self.need(self.acl.aclFinalize())

    def need(self, code: int) -> None:
        """EmuError with the recent error's text unless the code is 0."""
        if code == 0:
            return
        text = (self.acl.aclGetRecentErrMsg() or b"").decode()
        # The runtime puts the code before it.
        raise EmuError(code, text[text.find("Op [") :] if "Op [" in text else text)

    def run(self, call: Call) -> None:
        with ExitStack() as stack:
            inputs = [self.input(given, stack) for given in call.inputs]
            outputs = [
                self.output(out, buffer, inputs, stack)
                for out, buffer in zip(call.outputs, call.buffers)
            ]
            descs, buffers = self.arrays(inputs)
            out_descs, out_buffers = self.arrays(outputs)
            attrs = self.attributes(call, stack)
            operands = [len(inputs), descs, buffers, len(outputs), out_descs, out_buffers]
            execute = self.acl.aclopCompileAndExecuteV2
            op = call.op.encode()
            self.need(execute(op, *operands, attrs, 0, 0, None, self.stream))
            self.need(self.acl.aclrtSynchronizeStream(self.stream))
            for given, (_, _, memory) in zip(call.inputs, inputs):
                if given is not None and given.updated:
                    self.copy(memory, given.tensor, TO_HOST)
            for index, (out, buffer) in enumerate(zip(call.outputs, call.buffers)):
                desc, _, memory = outputs[index]
                if out is None:
                    continue
                self.copy(memory, buffer, TO_HOST)
                call.actual[index] = self.dims_of(desc)

    def dims_of(self, desc: int) -> tuple[int, ...]:
        dims = []
        for axis in range(self.acl.aclGetTensorDescNumDims(c_void_p(desc))):
            dim = c_int64()
            self.need(self.acl.aclGetTensorDescDimV2(c_void_p(desc), c_size_t(axis), byref(dim)))
            dims.append(dim.value)
        return tuple(dims)

    def copy(self, memory: int | None, buffer: Any, kind: int) -> None:
        size = buffer.numel() * buffer.element_size()
        if size == 0:
            return
        device, host = c_void_p(memory), c_void_p(buffer.data_ptr())
        to, source = (device, host) if kind == TO_DEVICE else (host, device)
        self.need(self.acl.aclrtMemcpy(to, c_size_t(size), source, c_size_t(size), kind))

    def memory(self, size: int, stack: ExitStack) -> int:
        pointer = c_void_p()
        self.need(self.acl.aclrtMalloc(byref(pointer), c_size_t(size), 0))
        stack.callback(self.acl.aclrtFree, pointer)
        assert pointer.value is not None
        return pointer.value

    def operand(
        self, desc: int, data: int | None, size: int, stack: ExitStack
    ) -> tuple[int, int, int | None]:
        buffer = self.acl.aclCreateDataBuffer(c_void_p(data), c_size_t(size))
        stack.callback(self.acl.aclDestroyTensorDesc, c_void_p(desc))
        stack.callback(self.acl.aclDestroyDataBuffer, c_void_p(buffer))
        return desc, buffer, data

    def absent(self, stack: ExitStack) -> tuple[int, int, int | None]:
        desc = self.acl.aclCreateTensorDesc(UNDEFINED, 0, None, UNDEFINED)
        return self.operand(desc, None, 0, stack)

    def description(self, given: In | Out, dtype: int, shape: Sequence[int]) -> int:
        """Created with what the network sees; the layout is set apart."""
        apart = given.origin_shape is not None
        seen = list(given.origin_shape if given.origin_shape is not None else shape)
        layout = given.origin_format if apart else given.format
        desc = self.acl.aclCreateTensorDesc(dtype, len(seen), int64s(seen), FORMATS[str(layout)])
        if given.format != layout:
            self.need(self.acl.aclSetTensorFormat(c_void_p(desc), FORMATS[given.format]))
        if apart:
            self.need(self.acl.aclSetTensorShape(c_void_p(desc), len(shape), int64s(shape)))
        return int(desc)

    def input(self, given: In | None, stack: ExitStack) -> tuple[int, int, int | None]:
        if given is None:
            return self.absent(stack)
        tensor = given.tensor
        desc = self.description(given, dtype_value(tensor.dtype), tensor.shape)
        if given.name:
            self.acl.aclSetTensorDescName(c_void_p(desc), given.name.encode())
        size = tensor.numel() * tensor.element_size()
        if given.host:
            self.need(self.acl.aclSetTensorPlaceMent(c_void_p(desc), HOST))
            return self.operand(desc, tensor.data_ptr(), size, stack)
        memory = self.memory(size, stack) if size else None
        self.copy(memory, tensor, TO_DEVICE)
        return self.operand(desc, memory, size, stack)

    def output(
        self, out: Out | None, buffer: Any, inputs: list[Any], stack: ExitStack
    ) -> tuple[int, int, int | None]:
        if out is None:
            return self.absent(stack)
        desc = self.description(out, dtype_value(out.dtype), out.shape)
        if out.inplace is not None:
            memory = inputs[out.inplace][2]
            return self.operand(desc, memory, buffer.numel(), stack)
        memory = self.memory(buffer.numel(), stack)
        self.copy(memory, buffer, TO_DEVICE)
        size = buffer.numel() - CANARY
        return (*self.operand(desc, memory if size else None, size, stack)[:2], memory)

    @staticmethod
    def arrays(operands: list[tuple[int, int, int | None]]) -> tuple[Any, Any]:
        kind = c_void_p * max(len(operands), 1)
        return kind(*(desc for desc, _, _ in operands)), kind(*(buf for _, buf, _ in operands))

    def attributes(self, call: Call, stack: ExitStack) -> c_void_p:
        attrs = c_void_p(self.acl.aclopCreateAttr())
        stack.callback(self.acl.aclopDestroyAttr, attrs)
        for name, (kind, value) in call.attrs.items():
            self.need(self.set_attribute(attrs, name.encode(), kind, value))
        return attrs

    def set_attribute(self, attrs: c_void_p, name: bytes, kind: str, value: Any) -> int:
        scalars = {
            "bool": ("aclopSetAttrBool", ctypes.c_uint8), "int": ("aclopSetAttrInt", c_int64),
            "float": ("aclopSetAttrFloat", c_float), "dtype": ("aclopSetAttrDataType", c_int),
        }  # fmt: skip
        if kind in scalars:
            function, make = scalars[kind]
            return int(getattr(self.acl, function)(attrs, name, make(value)))
        if kind == "string":
            return int(self.acl.aclopSetAttrString(attrs, name, value.encode()))
        count = len(value)
        if kind == "list_list_int":
            lists = [int64s(inner) for inner in value]
            lengths = (c_int * max(count, 1))(*map(len, value))
            pointers = (ctypes.POINTER(c_int64) * max(count, 1))(
                *(ctypes.cast(inner, ctypes.POINTER(c_int64)) for inner in lists)
            )
            return int(self.acl.aclopSetAttrListListInt(attrs, name, count, lengths, pointers))
        lists_of = {
            "list_bool": ("aclopSetAttrListBool", ctypes.c_uint8),
            "list_int": ("aclopSetAttrListInt", c_int64),
            "list_float": ("aclopSetAttrListFloat", c_float),
            "list_string": ("aclopSetAttrListString", c_char_p),
            "list_dtype": ("aclopSetAttrListDataType", c_int),
        }
        function, make = lists_of[kind]
        items = [item.encode() for item in value] if kind == "list_string" else value
        return int(getattr(self.acl, function)(attrs, name, count, (make * max(count, 1))(*items)))
