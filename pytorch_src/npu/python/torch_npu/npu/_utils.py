"""Devices as people write them."""

from __future__ import annotations

from typing import Any, Union

import torch

from ._release import runtime

#: An index, ``"npu"``, ``"npu:1"``, a ``torch.device``, or None for the current device.
Device = Union[int, str, torch.device, None]


def _get_device_index(device: Any, optional: bool = False, allow_cpu: bool = False) -> int:
    """Return the index of a device.

    Args:
        device: What the user gave.
        optional: None, and a device without an index, mean the current device.
        allow_cpu: The CPU is taken too, as -1.

    Raises:
        TypeError: It is no device.
        ValueError: It is a device of another type, or has no index although one is needed.
    """
    if isinstance(device, str):
        device = torch.device(device)
    if isinstance(device, torch.device):
        if allow_cpu and device.type == "cpu":
            return -1
        if device.type != "npu":
            raise ValueError(f"an NPU is wanted, such as 'npu:0'; '{device}' was given")
        device = device.index
    # True is no device, although Python takes it for a number.
    if isinstance(device, int) and not isinstance(device, bool):
        return device
    if device is not None:
        raise TypeError(
            "a device is an index, a string such as 'npu:0', or a torch.device; "
            f"{_described(device)} was given"
        )
    if not optional:
        raise ValueError("a device with an index is wanted, such as 'npu:0' or 0")
    return int(runtime.current_device())


def checked_index(device: Any) -> int:
    """Return the index of a device that is there; None is the current one.

    Raises:
        RuntimeError: There is none with that index.
        TypeError: It is no device.
        ValueError: It is a device of another type.
    """
    index = _get_device_index(device, optional=True)
    runtime.initialize()
    count = runtime.device_count()
    if not 0 <= index < count:
        raise RuntimeError(
            f"there is no device npu:{index}; this process has {count} NPU{'s' * (count != 1)}, "
            "numbered from 0"
        )
    return index


def _described(value: Any) -> str:
    """Return the type and the value, shortened."""
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 40 else text[:37] + '...'}"


def optional_type(value: Any, wanted: type, what: str) -> Any | None:
    """Return the value if it is None or of the wanted type.

    Raises:
        TypeError: It is neither.
    """
    if value is not None and not isinstance(value, wanted):
        raise TypeError(f"{what} is a {wanted.__name__} or None; {_described(value)} was given")
    return value
