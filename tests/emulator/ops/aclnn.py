"""Calls aclnn functions of libopapi.so with torch tensors, strides and all, as torch-npu does."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

import torch
from emu import DTYPES, EmuError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

REPEAT_INITIALIZE = 100002
TO_DEVICE, TO_HOST = 1, 2
FORMAT_ND = 2
CANARY = 0xA5


@dataclass(frozen=True)
class Scalar:
    """An aclScalar."""

    value: float | complex | bool
    dtype: torch.dtype = torch.float32


@dataclass(frozen=True)
class Int8:
    """An int8_t, such as cubeMathType."""

    value: int


@dataclass
class Written:
    """A tensor that the function writes; afterwards `tensor` holds what it wrote."""

    tensor: torch.Tensor


Argument = Union[torch.Tensor, Written, Scalar, Int8, bool, int, float, torch.dtype, list, None]


def dtype_value(dtype: torch.dtype) -> int:
    return DTYPES[str(dtype).removeprefix("torch.")]


def int64s(values: Sequence[int]) -> Any:
    return (ctypes.c_int64 * max(len(values), 1))(*values)


class Aclnn:
    """The emulator's libraries, with device 0 set."""

    def __init__(self, libraries: Path) -> None:
        self.acl = ctypes.CDLL(str(libraries / "libascendcl.so"), mode=ctypes.RTLD_GLOBAL)
        self.opapi = ctypes.CDLL(str(libraries / "libopapi.so"))
        self.acl.aclGetRecentErrMsg.restype = ctypes.c_char_p
        for name in ("aclCreateTensor", "aclCreateScalar", "aclCreateIntArray"):
            getattr(self.opapi, name).restype = ctypes.c_void_p
        self.opapi.aclCreateTensorList.restype = ctypes.c_void_p
        self.called: set[str] = set()
        code = self.acl.aclInit(None)
        assert code in (0, REPEAT_INITIALIZE), self.acl.aclGetRecentErrMsg()
        self.check(self.acl.aclrtSetDevice(0))

    def check(self, code: int) -> None:
        if code != 0:
            raise EmuError(code, (self.acl.aclGetRecentErrMsg() or b"no text").decode())

    def call(self, name: str, *arguments: Argument) -> None:
        """Both calls of a function, and a synchronisation; EmuError when one is refused."""
        with _Call(self) as prepared:
            values = [prepared.convert(argument) for argument in arguments]
            size, executor = ctypes.c_uint64(), ctypes.c_void_p()
            first = getattr(self.opapi, f"{name}GetWorkspaceSize")
            self.check(first(*values, ctypes.byref(size), ctypes.byref(executor)))
            self.check(getattr(self.opapi, name)(None, size, executor, None))
            self.check(self.acl.aclrtSynchronizeStream(None))
            self.called.add(name)
            prepared.read_back()


class _Call:
    """The handles and the device memory of one call."""

    def __init__(self, aclnn: Aclnn) -> None:
        self.aclnn = aclnn
        self.cleanup: list[tuple[Any, Any]] = []
        self.written: list[tuple[Written, ctypes.c_void_p, int]] = []

    def __enter__(self) -> _Call:
        return self

    def __exit__(self, *_: object) -> None:
        for function, handle in reversed(self.cleanup):
            assert function(handle) == 0

    def keep(self, destroy: str, handle: int | None) -> ctypes.c_void_p:
        if not handle:
            self.aclnn.check(-1)
        self.cleanup.append((getattr(self.aclnn.opapi, destroy), ctypes.c_void_p(handle)))
        return ctypes.c_void_p(handle)

    def convert(self, argument: Argument) -> Any:  # noqa: PLR0911
        if argument is None:
            return ctypes.c_void_p(None)
        if isinstance(argument, Written):
            return self.tensor(argument.tensor, argument)
        if isinstance(argument, torch.Tensor):
            return self.tensor(argument)
        if isinstance(argument, Scalar):
            value = torch.tensor(argument.value, dtype=argument.dtype)
            made = self.aclnn.opapi.aclCreateScalar(
                ctypes.c_void_p(value.data_ptr()), dtype_value(argument.dtype)
            )
            return self.keep("aclDestroyScalar", made)
        if isinstance(argument, list):
            return self.items(argument)
        if isinstance(argument, torch.dtype):
            return ctypes.c_int(dtype_value(argument))
        if isinstance(argument, Int8):
            return ctypes.c_int8(argument.value)
        if isinstance(argument, bool):
            return ctypes.c_bool(argument)
        return (
            ctypes.c_double(argument) if isinstance(argument, float) else ctypes.c_int64(argument)
        )

    def items(self, argument: list[Any]) -> Any:
        """A list of tensors, or of numbers."""
        if not argument or isinstance(argument[0], int):
            made = self.aclnn.opapi.aclCreateIntArray(
                int64s(argument), ctypes.c_uint64(len(argument))
            )
            return self.keep("aclDestroyIntArray", made)
        handles = [self.convert(item).value for item in argument]
        made = self.aclnn.opapi.aclCreateTensorList(
            (ctypes.c_void_p * len(handles))(*handles), ctypes.c_uint64(len(handles))
        )
        # The list owns its tensors.
        self.cleanup = [entry for entry in self.cleanup if entry[1].value not in handles]
        return self.keep("aclDestroyTensorList", made)

    def tensor(self, tensor: torch.Tensor, written: Written | None = None) -> ctypes.c_void_p:
        storage = tensor.untyped_storage()
        memory = ctypes.c_void_p()
        if storage.nbytes():
            acl = self.aclnn.acl
            size = ctypes.c_size_t(storage.nbytes())
            self.aclnn.check(acl.aclrtMalloc(ctypes.byref(memory), size, 0))
            self.cleanup.append((acl.aclrtFree, memory))
            host = ctypes.c_void_p(storage.data_ptr())
            self.aclnn.check(acl.aclrtMemcpy(memory, size, host, size, TO_DEVICE))
        if written is not None:
            self.written.append((written, memory, storage.nbytes()))
        count = storage.nbytes() // tensor.element_size()
        made = self.aclnn.opapi.aclCreateTensor(
            int64s(tensor.shape), ctypes.c_uint64(tensor.dim()), dtype_value(tensor.dtype),
            int64s(tensor.stride()), ctypes.c_int64(tensor.storage_offset()), FORMAT_ND,
            int64s([count]), ctypes.c_uint64(1), memory,
        )  # fmt: skip
        return self.keep("aclDestroyTensor", made)

    def read_back(self) -> None:
        for written, memory, size in self.written:
            if not size:
                continue
            tensor, acl = written.tensor, self.aclnn.acl
            host = ctypes.c_void_p(tensor.untyped_storage().data_ptr())
            self.aclnn.check(
                acl.aclrtMemcpy(host, ctypes.c_size_t(size), memory, ctypes.c_size_t(size), TO_HOST)
            )
