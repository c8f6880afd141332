"""The old storage types: torch.npu.FloatStorage and its like."""

from __future__ import annotations

from typing import Any

import torch


def _make(name: str, dtype: torch.dtype) -> Any:
    body = {
        "__doc__": f"Numbers of {dtype} in the memory of an NPU.",
        "__module__": "torch.npu",
        "dtype": dtype,
        "_dtype": dtype,
    }
    return type(name, (torch.storage._LegacyStorage,), body)


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
