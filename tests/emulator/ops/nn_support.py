"""What tests of the operators of neural networks share: layouts, gradients, comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import emu
import pytest
import torch
from emu import EmuError, In, Out, run_op
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FLOATS = [torch.float32, torch.float16, torch.bfloat16]


def refused(code: int, op: str, inputs: Any, outputs: Any, attrs: Any = None) -> str:
    """The text with which a call is refused."""
    with pytest.raises(EmuError) as caught:
        run_op(op, inputs, outputs, attrs)
    assert caught.value.code == code, caught.value.text
    assert caught.value.text.startswith(f"Op [{op}]: ")
    return caught.value.text


def compare(result: torch.Tensor, want: torch.Tensor, tolerance: float | None = None) -> None:
    """Values and dtype, with a tolerance that follows from the dtype unless given."""
    close = emu.TOLERANCES.get(str(want.dtype).removeprefix("torch."), 1e-12)
    exact = not (want.is_floating_point() or want.is_complex())
    within = tolerance if tolerance is not None else 0.0 if exact else close
    torch.testing.assert_close(result, want, rtol=within, atol=within, equal_nan=True)


def expect_in(
    formats: Sequence[str],
    op: str,
    inputs: Sequence[Any],
    expected: Sequence[torch.Tensor],
    attrs: dict[str, Any],
    tolerance: float | None = None,
) -> None:
    """As emu.expect, with the plain format of each output."""
    outputs = [
        Out(want.dtype, tuple(want.shape), format=form) for want, form in zip(expected, formats)
    ]
    for result, want in zip(run_op(op, inputs, outputs, attrs), expected):
        compare(result, want, tolerance)


def run_in_place(
    op: str, inputs: Sequence[torch.Tensor | In], given_out: Sequence[int], attrs: dict[str, Any]
) -> list[torch.Tensor]:
    """All inputs after an operator that updates some: the inputs `given_out` are outputs too."""
    own = [x if isinstance(x, In) else In(x) for x in inputs]
    own = [In(**{**vars(x), "tensor": x.tensor.clone().contiguous(), "updated": True}) for x in own]
    outputs = []
    for index in given_out:
        outputs.append(private_out(own[index].tensor, own[index].format, ()))
        outputs[-1].origin_shape = own[index].origin_shape
        outputs[-1].origin_format = own[index].origin_format
        outputs[-1].inplace = index
    kinds = {name: emu.attr_kind(value) for name, value in attrs.items()}
    call = emu.Call(op, list(own), list(outputs), kinds)
    call.buffers = [emu.make_buffer(out, call.inputs) for out in outputs]
    call.actual = [None] * len(outputs)
    assert emu._backend is not None
    emu._backend.run(call)
    return [x.tensor for x in own]


def grads(
    function: Callable[..., torch.Tensor], grad: torch.Tensor, *inputs: torch.Tensor
) -> tuple[torch.Tensor, ...]:
    """Gradients of a function with respect to its inputs, in float64, by autograd."""
    wide = [x.double().requires_grad_() for x in inputs]
    return torch.autograd.grad(function(*wide), wide, grad.double())


def blocks(channels: int, size: int = 16) -> int:
    return (channels + size - 1) // size


def to_5hd(x: torch.Tensor) -> torch.Tensor:
    """NCHW as NC1HWC0, filled up with zeros."""
    n, c, h, w = x.shape
    padded = functional.pad(x, (0, 0, 0, 0, 0, blocks(c) * 16 - c))
    return padded.reshape(n, blocks(c), 16, h, w).permute(0, 1, 3, 4, 2).contiguous()


def to_fractal_z(w: torch.Tensor) -> torch.Tensor:
    """An NCHW filter as FRACTAL_Z: [C1 * H * W, N1, 16, C0]."""
    n, c, kh, kw = w.shape
    padded = functional.pad(w, (0, 0, 0, 0, 0, blocks(c) * 16 - c, 0, blocks(n) * 16 - n))
    split = padded.reshape(blocks(n), 16, blocks(c), 16, kh, kw).permute(2, 4, 5, 0, 1, 3)
    return split.reshape(blocks(c) * kh * kw, blocks(n), 16, 16).contiguous()


def private(packed: torch.Tensor, form: str, shape: Sequence[int], origin: str = "NCHW") -> In:
    """An input in a private layout."""
    return In(packed, format=form, origin_shape=list(shape), origin_format=origin)


def private_out(like: torch.Tensor, form: str, shape: Sequence[int], origin: str = "NCHW") -> Out:
    """An output in a private layout, of the dtype and dims of `like`."""
    return Out(
        like.dtype, tuple(like.shape), format=form, origin_shape=list(shape), origin_format=origin
    )
