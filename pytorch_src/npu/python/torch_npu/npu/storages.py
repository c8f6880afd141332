"""The storage types: torch.npu.FloatStorage and its like."""

from __future__ import annotations

from typing import Any

import torch

from .storage_base import StorageBase


def _make(name: str, dtype: torch.dtype) -> Any:
    body = {
        "__doc__": f"Numbers of {dtype} in the memory of an NPU.",
        "__module__": "torch.npu",
        "dtype": dtype,
        "_dtype": dtype,
    }
    return type(name, (StorageBase,), body)


BoolStorage = _make("BoolStorage", torch.bool)
ByteStorage = _make("ByteStorage", torch.uint8)
CharStorage = _make("CharStorage", torch.int8)
ShortStorage = _make("ShortStorage", torch.int16)
IntStorage = _make("IntStorage", torch.int32)
LongStorage = _make("LongStorage", torch.int64)
HalfStorage = _make("HalfStorage", torch.float16)
BFloat16Storage = _make("BFloat16Storage", torch.bfloat16)
FloatStorage = _make("FloatStorage", torch.float32)
DoubleStorage = _make("DoubleStorage", torch.float64)
ComplexFloatStorage = _make("ComplexFloatStorage", torch.complex64)
ComplexDoubleStorage = _make("ComplexDoubleStorage", torch.complex128)

#: All of them.
TYPES = (
    BoolStorage,
    ByteStorage,
    CharStorage,
    ShortStorage,
    IntStorage,
    LongStorage,
    HalfStorage,
    BFloat16Storage,
    FloatStorage,
    DoubleStorage,
    ComplexFloatStorage,
    ComplexDoubleStorage,
)
