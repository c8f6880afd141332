"""Padding, against numpy's."""

from __future__ import annotations

from typing import Any

import emu
import numpy as np
import pytest
import torch
from emu import expect, host
from index_support import BASIC, INDEX, Tensor, bits, moved, numbers, refused
from tables import FLOATS, INTS, NUMBER

CASES = [
    ((5,), [[1, 2]]),
    ((), []),
    ((3, 4), [[0, 2], [3, 0]]),
    ((2, 3, 17), [[1, 1], [2, 0], [0, 16]]),
    ((4, 4, 4, 4), [[0, 0], [0, 0], [1, 2], [3, 3]]),
]
MODES = {"reflect": "reflect", "edge": "edge", "REFLECT": "reflect", "SYMMETRIC": "symmetric"}


def padded(x: Tensor, pads: list[list[int]], mode: str = "constant", value: Any = 0) -> Tensor:
    if not pads:
        return x
    options: dict[str, Any] = {"constant_values": value} if mode == "constant" else {}
    made = np.pad((x if value else bits(x)).numpy(), pads, mode=mode, **options)
    return moved(x, torch.from_numpy(np.array(made, order="C")))


def folded(x: Tensor, grad: Tensor, pads: list[list[int]], mode: str) -> Tensor:
    """The gradient: each element of `grad` goes to the element that it repeats."""
    index = np.arange(x.numel()).reshape(x.shape)
    places = torch.from_numpy(np.pad(index, pads, mode=mode).reshape(-1).copy())
    flat = torch.zeros(x.numel(), dtype=grad.dtype)
    return flat.index_add(0, places, grad.reshape(-1)).reshape(x.shape)


def befores_first(pads: list[list[int]]) -> list[int]:
    return [before for before, _ in pads] + [after for _, after in pads]


@pytest.mark.parametrize("dtype", BASIC)
def test_types(dtype: torch.dtype) -> None:
    x, pads = numbers((3, 4), dtype), [[0, 2], [3, 0]]
    want = padded(x, pads)
    expect("Pad", [x, host(pads)], want)
    expect("Pad", [x, torch.tensor(pads).int()], want)
    expect("PadV3", [x, host(pads)], want)
    value = numbers((1,), dtype) if not dtype.is_complex else torch.tensor([3 - 2j]).to(dtype)
    filled = padded(bits(x), pads, value=bits(value).numpy()[0])
    want = moved(x, filled)
    expect("PadV2", [x, host(pads), value], want)
    expect("PadV3", [x, host(pads), value[0]], want)
    for mode in ("reflect", "edge"):
        want = padded(x, [[1, 1], [0, 2]], mode)
        expect("PadV3", [x, host([1, 1, 0, 2])], want, {"mode": mode})
    if dtype in NUMBER:
        want = padded(x, [[1, 1], [0, 2]], "symmetric")
        expect("MirrorPad", [x, host([[1, 1], [0, 2]])], want, {"mode": "SYMMETRIC"})


def test_large_integers_as_constant() -> None:
    x = torch.tensor([2**62 + 1])
    want = torch.tensor([2**60 + 3, 2**62 + 1])
    expect("PadV2", [x, host([[1, 0]]), torch.tensor(2**60 + 3)], want)


@pytest.mark.parametrize(("shape", "pads"), CASES)
def test_shapes(shape: tuple[int, ...], pads: list[list[int]]) -> None:
    x = torch.randn(shape)
    flat = torch.tensor(pads, dtype=torch.int64)
    want = padded(x, pads)
    expect("Pad", [x, flat], want)
    if not pads:
        return
    filled = padded(x, pads, value=np.float32(2.5))
    value = torch.tensor([2.5])
    expect("PadD", [x], want, {"paddings": pads})
    expect("PadV2D", [x, value], filled, {"paddings": pads})
    expect("PadV3", [x, flat, value], filled)
    other = {"paddings_contiguous": False}
    expect("PadV3", [x, host(befores_first(pads)), value], filled, other)
    filled = padded(x, pads, value=np.float32(3))
    expect("PadV3D", [x], filled, {"paddings": pads, "constant_values": 3})


@pytest.mark.parametrize("mode", list(MODES))
@pytest.mark.parametrize(("shape", "pads"), CASES)
def test_modes(mode: str, shape: tuple[int, ...], pads: list[list[int]]) -> None:
    if not pads:
        return
    x = torch.randn(shape)
    pads = [[min(before, shape[d] - 1), min(after, shape[d] - 1)]
            for d, (before, after) in enumerate(pads)]  # fmt: skip
    want = padded(x, pads, MODES[mode])
    grad = torch.randn(want.shape)
    back = folded(x, grad, pads, MODES[mode])
    attrs = {"mode": mode}
    if mode.isupper():
        expect("MirrorPad", [x, host(pads)], want, attrs)
        expect("MirrorPadGrad", [grad, host(pads)], back, attrs)
        return
    expect("PadV3", [x, host(pads)], want, attrs)
    expect("PadV3D", [x], want, {"paddings": pads, **attrs})
    expect("PadV3Grad", [grad, host(pads)], back, attrs)
    other = {"paddings_contiguous": False, **attrs}
    expect("PadV3", [x, host(befores_first(pads))], want, other)
    expect("PadV3Grad", [grad, torch.tensor(befores_first(pads))], back, other)


@pytest.mark.parametrize("dtype", [*FLOATS, *INTS])
@pytest.mark.parametrize("kind", INDEX)
def test_gradient_types(dtype: torch.dtype, kind: torch.dtype) -> None:
    x, pads = torch.zeros(3, 4), [[2, 1], [0, 3]]
    grad = torch.randint(0, 5, (6, 7)).to(dtype)
    for mode in ("reflect", "edge"):
        want = folded(x, grad.double(), pads, mode).to(dtype)
        expect("PadV3Grad", [grad, torch.tensor(pads).to(kind)], want, {"mode": mode})


def test_long_sums_of_halves() -> None:
    grad = torch.ones(4001).half()
    want = torch.tensor([4001.0]).half()
    expect("PadV3Grad", [grad, host([[4000, 0]])], want, {"mode": "edge"})


def test_negative_paddings_cut() -> None:
    x = torch.randn(4, 5)
    want = torch.nn.functional.pad(x, [2, -1, -1, 0], value=7.0)
    expect("PadV3", [x, host([[-1, 0], [2, -1]]), torch.tensor(7.0)], want)
    text = refused(emu.INPUT_NOT_MATCH, "Pad", [x, host([[-1, 0], [2, -1]])],
                   [(torch.float32, [3, 6])])  # fmt: skip
    assert "paddings of dim 0 are -1 and 0; with 4 elements this mode cannot do that" in text


def test_empty_tensors() -> None:
    expect("Pad", [torch.ones(0, 2), host([[1, 1], [0, 0]])], torch.zeros(2, 2))
    out = [(torch.float32, [2, 2])]
    attrs = {"mode": "edge"}
    refused(emu.INPUT_NOT_MATCH, "PadV3", [torch.ones(0, 2), host([[1, 1], [0, 0]])], out, attrs)


def test_refusals() -> None:
    for pad in (2**63 - 1, -(2**63)):
        text = refused(emu.INPUT_NOT_MATCH, "PadV3", [torch.ones(2), host([0, pad])],
                       [(torch.float32, [2])])  # fmt: skip
        assert "no tensor is that large" in text
    x, out = torch.randn(3, 4), [(torch.float32, [6, 4])]
    text = refused(emu.INPUT_NOT_MATCH, "PadV3", [x, host([[3, 0], [0, 0]])], out,
                   {"mode": "reflect"})  # fmt: skip
    assert "paddings of dim 0 are 3 and 0; with 3 elements" in text
    text = refused(emu.AICORE_EXCEPTION, "PadV3", [x, torch.tensor([[3, 0], [0, 0]])], out,
                   {"mode": "reflect"})  # fmt: skip
    assert "paddings of dim 0 are 3 and 0" in text
    text = refused(emu.INPUT_NOT_MATCH, "Pad", [x, host([1, 2, 0])], out)
    assert "paddings has 3 values; two for each of 2 dims" in text
    text = refused(emu.ATTR_NOT_MATCH, "PadV3", [x, host([3, 0, 0, 0])], out, {"mode": "circular"})
    assert '"constant", "reflect", "edge"' in text
    text = refused(emu.AICORE_EXCEPTION, "PadV2", [x, torch.tensor([[3, 0], [0, -1]]), x[0, :1]],
                   [(torch.float32, [6, 3])])  # fmt: skip
    assert "paddings of dim 1 are 0 and -1" in text
