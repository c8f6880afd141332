"""Operators of three tensors or of any number of them, element by element."""

from __future__ import annotations

import emu
import pytest
import torch
from emu import EmuError, expect, run_op
from tables import BOOL, FLOATING, FLOATS, NUMBER, REAL, exact, sample


@pytest.mark.parametrize("dtype", [*FLOATING, torch.int8, torch.int32, torch.uint8, torch.int64])
def test_addcmul(dtype: torch.dtype) -> None:
    for value in (torch.tensor([2]).to(dtype), torch.tensor(2).to(dtype)):
        x, y, z = sample((2, 1, 3), dtype), sample((4, 1), dtype), sample((), dtype)
        expect("Addcmul", [x, y, z, value], (exact(x) + 2 * exact(y) * exact(z)).to(dtype))


@pytest.mark.parametrize("dtype", FLOATING)
def test_addcdiv(dtype: torch.dtype) -> None:
    x, y, z = sample((5,), dtype), sample((3, 1), dtype), sample((), dtype, "positive")
    want = (exact(x) + 2 * exact(y) / exact(z)).to(dtype)
    expect("Addcdiv", [x, y, z, torch.tensor([2]).to(dtype)], want)
    expect("Addcdiv", [x, y, z, torch.tensor(2)], want)


def test_addcdiv_takes_one_factor() -> None:
    x = torch.ones(2)
    with pytest.raises(EmuError) as caught:
        run_op("Addcdiv", [x, x, x, x], [(torch.float32, [2])])
    assert "input value must have one element, it has 2" in caught.value.text


@pytest.mark.parametrize("dtype", FLOATS)
def test_lerp(dtype: torch.dtype) -> None:
    start, end, weight = sample((2, 1), dtype), sample((3,), dtype), sample((), dtype)
    want = exact(start) + exact(weight) * (exact(end) - exact(start))
    expect("Lerp", [start, end, weight], want.to(dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int32])
def test_fused_mul_add(dtype: torch.dtype) -> None:
    x, y, z = sample((2, 3), dtype), sample((3,), dtype), sample((2, 1), dtype)
    expect("FusedMulAdd", [x, y, z], (exact(x) * exact(y) + exact(z)).to(dtype), tolerance=1e-2)


@pytest.mark.parametrize("op", ["ClipByValue", "ClipByValueV2"])
@pytest.mark.parametrize("dtype", REAL)
def test_clip(op: str, dtype: torch.dtype) -> None:
    x = sample((3, 7), dtype)
    low, high = torch.tensor(1).to(dtype), torch.tensor([3]).to(dtype)
    expect(op, [x, low, high], x.clamp(1, 3))


def test_clip_does_not_widen_its_input() -> None:
    with pytest.raises(EmuError) as caught:
        run_op("ClipByValue", [torch.ones(1), torch.ones(3), torch.ones(3)], [(torch.float32, [3])])
    assert caught.value.code == emu.OUTPUT_NOT_MATCH


@pytest.mark.parametrize("dtype", [*NUMBER, *BOOL])
def test_select(dtype: torch.dtype) -> None:
    x, y = sample((2, 3), dtype), sample((2, 3), dtype)
    for mask in (torch.rand(2, 3) > 0.5, torch.tensor(True)):
        expect("SelectV2", [mask, x, y], torch.where(mask, x, y))
        expect("Select", [mask, x, y], torch.where(mask, x, y))
    rows = torch.tensor([True, False])
    expect("Select", [rows, x, y], torch.where(rows[:, None], x, y))
    mask, z = torch.rand(4, 1, 3) > 0.5, sample((), dtype)
    expect("SelectV2", [mask, x, z], torch.where(mask, x, z))


def test_select_refuses_what_does_not_fit() -> None:
    x = torch.ones(2, 3)
    with pytest.raises(EmuError) as caught:
        run_op("Select", [torch.ones(3).bool(), x, x], [(torch.float32, [2, 3])])
    assert caught.value.code == emu.INPUT_NOT_MATCH
    assert "x1 has shape [2, 3], x2 [2, 3] and condition [3]" in caught.value.text


@pytest.mark.parametrize("op", ["AddN", "AccumulateNV2"])
@pytest.mark.parametrize("dtype", NUMBER)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_sum_of_many(op: str, dtype: torch.dtype, count: int) -> None:
    parts = [sample((3, 5), dtype) for _ in range(count)]
    want = sum(map(exact, parts)).to(dtype)  # type: ignore[union-attr]
    expect(op, parts, want, {"N": count})


def test_number_of_tensors() -> None:
    with pytest.raises(EmuError) as caught:
        run_op("AddN", [torch.ones(2)] * 3, [(torch.float32, [2])], {"N": 2})
    assert caught.value.code == emu.ATTR_NOT_MATCH
    assert caught.value.text == "Op [AddN]: attribute [N] is 2, but there are 3 tensors x"


def test_tensors_of_many_kinds() -> None:
    with pytest.raises(EmuError) as caught:
        run_op("AddN", [torch.ones(2), torch.ones(3)], [(torch.float32, [2])], {"N": 2})
    assert "input x[0] has shape [2], input x[1] has [3]" in caught.value.text
    with pytest.raises(EmuError) as caught:
        run_op("AddN", [torch.ones(2), torch.ones(2).int()], [(torch.float32, [2])], {"N": 2})
    assert "input x[1] has data type DT_INT32, but x[0] has DT_FLOAT" in caught.value.text


@pytest.mark.parametrize("dtype", FLOATS)
def test_eltwise(dtype: torch.dtype) -> None:
    x, y, z = (sample((2, 17), dtype) for _ in range(3))
    a, b, c = exact(x), exact(y), exact(z)
    expect("Eltwise", [x, y, z], (a * b * c).to(dtype), {"N": 3, "mode": 0})
    expect("Eltwise", [x, y, z], (a + b + c).to(dtype), {"N": 3})
    coeff = {"N": 3, "mode": 1, "coeff": [0.5, -1.0, 0.25]}
    expect("Eltwise", [x, y, z], (0.5 * a - b + 0.25 * c).to(dtype), coeff)
    expect("Eltwise", [x, y, z], torch.maximum(torch.maximum(x, y), z), {"N": 3, "mode": 2})


@pytest.mark.parametrize(
    ("attrs", "text"),
    [({"mode": 3}, "attribute [mode] is 3"), ({"coeff": [1.0]}, "has 1 numbers for 2 tensors")],
)
def test_eltwise_refuses(attrs: dict[str, object], text: str) -> None:
    with pytest.raises(EmuError) as caught:
        run_op("Eltwise", [torch.ones(2)] * 2, [(torch.float32, [2])], {"N": 2, **attrs})
    assert caught.value.code == emu.ATTR_NOT_MATCH
    assert text in caught.value.text
