"""torch.autocast for the NPU."""

from __future__ import annotations

import functools
from typing import Any

import torch


class autocast(torch.amp.autocast_mode.autocast):
    """A context or decorator in which operators choose their type: ``torch.autocast("npu", ...)``.

    Convolutions and products of matrices compute in `dtype`; softmax, normalisations, losses and
    others that need the range compute in float32.

    Args:
        enabled: False switches it off inside another one.
        dtype: float16, or bfloat16 where the device has it.
        cache_enabled: Whether cast weights are kept until the context ends.
    """

    def __init__(
        self,
        enabled: bool = True,
        dtype: torch.dtype = torch.float16,
        cache_enabled: bool = True,
    ) -> None:
        super().__init__("npu", enabled=enabled, dtype=dtype, cache_enabled=cache_enabled)

    def __call__(self, func: Any) -> Any:
        """Run a function inside the context."""
        return super().__call__(func)


#: For the forward of a torch.autograd.Function of one's own.
custom_fwd = functools.partial(torch.amp.custom_fwd, device_type="npu")
#: For its backward.
custom_bwd = functools.partial(torch.amp.custom_bwd, device_type="npu")
