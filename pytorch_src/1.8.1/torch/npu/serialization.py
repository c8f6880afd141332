"""torch.save and torch.load: where a storage of an NPU lay, and bringing it there again."""

from __future__ import annotations

from typing import Any

import torch

from ._utils import _get_device_index
from .devices import device_count, is_available

# After the tags of the CPU and of CUDA.
_PRIORITY = 30


def register_location(serialization: Any) -> None:
    """Let files name the device.

    Args:
        serialization: torch.serialization.
    """
    serialization.register_package(_PRIORITY, _tag, _restore)


def _tag(storage: Any) -> str | None:
    """Return the name of the storage's device; None is for the packages of others."""
    if storage.device.type != "npu":
        return None
    # A file holds plain memory: torch.save asks for the size next.
    storage.tensor()
    return str(storage.device)


def _restore(storage: Any, location: str) -> Any | None:
    """Return the storage on the device with that name; None is for the packages of others."""
    if not location.startswith("npu"):
        return None
    index = _checked(location)
    if getattr(storage, "_torch_load_uninitialized", False):
        # A file of the old format: the numbers are read into the place.
        made = torch.empty(storage.size(), dtype=storage.dtype, device=torch.device("npu", index))
        return made.storage()
    return storage.npu(index)


def _checked(location: str) -> int:
    remedy = "give torch.load another place for it, such as map_location='cpu'"
    if not is_available():
        raise RuntimeError(
            f"the file holds tensors of {location}, and torch.npu.is_available() is False: {remedy}"
        )
    index = _get_device_index(location, optional=True)
    if index >= device_count():
        raise RuntimeError(
            f"the file holds tensors of NPU device {index}, and there are {device_count()}: "
            f"{remedy}"
        )
    return index
