"""Private layouts of tensors."""

from __future__ import annotations

from typing import Any

import torch

from ._release import runtime
from ._utils import _described

#: The numbers of layouts that the documentation names.
FORMATS = {"NCHW": 0, "ND": 2, "NC1HWC0": 3, "FRACTAL_Z": 4, "FRACTAL_NZ": 29}


def _checked(tensor: torch.Tensor) -> torch.Tensor:
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"a tensor is wanted; {_described(tensor)} was given")
    return tensor


def _number(acl_format: Any) -> int:
    if isinstance(acl_format, torch.Tensor):
        return int(get_npu_format(acl_format))
    if isinstance(acl_format, int) and not isinstance(acl_format, bool):
        return int(acl_format)
    known = ", ".join(f"{number} {name}" for name, number in FORMATS.items())
    raise TypeError(
        f"a layout is a number ({known}) or a tensor in it; {_described(acl_format)} was given"
    )


class _FormatCast(torch.autograd.Function):
    """The same values in another layout: the gradient passes through as it is."""

    @staticmethod
    def forward(ctx: Any, tensor: torch.Tensor, number: int) -> torch.Tensor:
        return runtime.format_cast(tensor, number)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, None]:
        return gradient, None


def get_npu_format(tensor: torch.Tensor) -> int:
    """Return the number of the layout a tensor lies in.

    Raises:
        RuntimeError: It is not on an NPU.
    """
    return int(runtime.format_of(_checked(tensor)))


def get_storage_size(tensor: torch.Tensor) -> tuple[int, ...]:
    """Return the shape of a tensor in its layout, such as (N, C1, H, W, C0).

    Raises:
        RuntimeError: It is not on an NPU.
    """
    return tuple(runtime.storage_sizes_of(_checked(tensor)))


def npu_format_cast(tensor: torch.Tensor, acl_format: Any) -> torch.Tensor:
    """Return the same values in another layout; the tensor itself where it is in it.

    Args:
        tensor: On an NPU.
        acl_format: 0 NCHW, 2 ND, 3 NC1HWC0, 4 FRACTAL_Z, 29 FRACTAL_NZ, or a tensor in the layout.

    Raises:
        RuntimeError: It is not on an NPU, or AscendCL does not know the layout for this tensor.
        TypeError: It is no layout.
    """
    number = _number(acl_format)
    if get_npu_format(tensor) == number:
        return tensor
    return _FormatCast.apply(tensor, number)


def npu_format_cast_(tensor: torch.Tensor, acl_format: Any) -> torch.Tensor:
    """Bring a tensor itself into another layout, and return it. Views of it keep the old memory.

    Args:
        tensor: On an NPU.
        acl_format: As with npu_format_cast.

    Raises:
        RuntimeError: It is not on an NPU, or AscendCL does not know the layout for this tensor.
        TypeError: It is no layout.
    """
    number = _number(acl_format)
    if get_npu_format(tensor) != number:
        tensor.data = runtime.format_cast(tensor.detach(), number)
    return tensor
