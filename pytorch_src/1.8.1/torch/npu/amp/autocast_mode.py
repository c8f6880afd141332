"""torch.cuda.amp.autocast for the NPU."""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch.cuda.amp import custom_bwd

__all__ = ["autocast", "custom_bwd", "custom_fwd"]


class autocast(torch.cuda.amp.autocast):
    """A context or decorator in which operators choose their type.

    Convolutions and products of matrices compute in float16; softmax, normalisations, losses and
    others that need the range compute in float32.

    Args:
        enabled: False switches it off inside another one.
        dtype: float16, the one type this PyTorch knows here.

    Raises:
        ValueError: Another type.
    """

    def __init__(self, enabled: bool = True, dtype: torch.dtype = torch.float16) -> None:
        if dtype is not torch.float16:
            raise ValueError(
                f"autocast of PyTorch {torch.__version__} computes in torch.float16; {dtype} was "
                "given"
            )
        super().__init__(enabled)

    def __call__(self, func: Any) -> Any:
        """Run a function inside the context."""
        return super().__call__(func)


def custom_fwd(fwd: Any = None, *, cast_inputs: Any = None) -> Any:
    """Decorate the forward of a torch.autograd.Function of one's own.

    Args:
        fwd: The forward, when the decorator is used without arguments.
        cast_inputs: Inside autocast, the type to which floating-point tensors of NPUs are cast;
            the forward then runs with autocast off. None leaves both as they are.
    """
    if fwd is None:
        return functools.partial(custom_fwd, cast_inputs=cast_inputs)
    # It switches autocast off, and casts tensors of CUDA alone.
    inner = torch.cuda.amp.custom_fwd(fwd, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        if cast_inputs is not None and torch.is_autocast_enabled():
            args, kwargs = _cast(args, cast_inputs), _cast(kwargs, cast_inputs)
        return inner(*args, **kwargs)

    return decorated


def _cast(value: Any, dtype: torch.dtype) -> Any:
    if isinstance(value, torch.Tensor):
        wanted = value.is_npu and value.is_floating_point() and value.dtype is not torch.float64
        return value.to(dtype) if wanted else value
    if type(value) in (list, tuple):
        return type(value)(_cast(item, dtype) for item in value)
    if type(value) is dict:
        return {key: _cast(item, dtype) for key, item in value.items()}
    return value
