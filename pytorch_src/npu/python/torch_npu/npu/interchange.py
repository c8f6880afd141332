"""Handing tensors to other libraries: memory of an NPU cannot be read there, and DLPack says so."""

from __future__ import annotations

import functools
import types
from typing import Any, Callable


def _refuse(what: str) -> None:
    raise BufferError(
        f"{what}: DLPack knows no NPU, and other libraries cannot read its memory; hand over a "
        "copy on the CPU: tensor.cpu()"
    )


def _wrap(original: Callable[..., Any], what: str) -> Callable[..., Any]:
    """Return the function, refusing a tensor of an NPU as its first argument."""

    @functools.wraps(original)
    def checked(tensor: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(getattr(tensor, "device", None), "type", None) == "npu":
            _refuse(what)
        return original(tensor, *args, **kwargs)

    return checked


def refuse_dlpack(torch: types.ModuleType) -> None:
    """Let DLPack refuse tensors of an NPU, where PyTorch would give out an unknown device type."""
    for name in ("__dlpack__", "__dlpack_device__"):
        if hasattr(torch.Tensor, name):
            setattr(torch.Tensor, name, _wrap(getattr(torch.Tensor, name), f"Tensor.{name}"))
    exported = _wrap(torch.utils.dlpack.to_dlpack, "to_dlpack")
    torch.utils.dlpack.to_dlpack = exported
    if hasattr(torch, "to_dlpack"):
        torch.to_dlpack = exported
