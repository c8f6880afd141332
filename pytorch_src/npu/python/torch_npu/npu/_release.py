"""What differs between the releases of PyTorch this package is for; all else is written once."""

from __future__ import annotations

import types
from typing import Any

import torch

from .. import _C

#: The extension module with the runtime.
runtime: types.ModuleType = _C
#: What an allocation that has no room raises.
OutOfMemoryError = torch.OutOfMemoryError


class StreamBase(torch.Stream):
    """PyTorch's own stream, on an NPU."""

    def __new__(cls, parts: tuple[int, int, int]):
        """Name a stream by its id, device index and device type."""
        stream_id, device_index, device_type = parts
        return super().__new__(
            cls, stream_id=stream_id, device_index=device_index, device_type=device_type
        )


class GradScalerBase(torch.amp.GradScaler):
    """PyTorch's own loss scaling, on an NPU."""

    def __init__(self, **settings: Any) -> None:
        super().__init__("npu", **settings)


class EventBase(torch.Event):
    """PyTorch's own event, on an NPU."""

    def __new__(cls, enable_timing: bool):
        """Make an event that measures time or does not."""
        return super().__new__(cls, device="npu", enable_timing=enable_timing)

    def elapsed_time(self, end_event: torch.Event) -> float:
        """Return the milliseconds to a later event; torch.Event's own takes no subclass."""
        return float(runtime.elapsed_time(self, end_event))


def parts_of(stream: torch.Stream) -> tuple[int, int, int]:
    """Return what names a stream: its id, device index and device type."""
    return stream.stream_id, stream.device_index, stream.device_type


def is_npu_stream(stream: object) -> bool:
    """Say whether it is a stream of an NPU."""
    return isinstance(stream, torch.Stream) and stream.device.type == "npu"


def register_backend(distributed: Any, name: str, make: Any) -> None:
    """Let torch.distributed know a backend of the NPU."""
    backend = distributed.Backend
    backend.register_backend(name, make, devices=["npu"])
    # Without a name the backends of the other devices are meant.
    backend.default_device_backend_map.pop("npu", None)


def storage_types(module: Any) -> list[type]:
    """Return the types of storages that may lie on an NPU.

    Args:
        module: torch.
    """
    return [module.UntypedStorage]
