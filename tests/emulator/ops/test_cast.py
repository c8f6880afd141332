"""Cast: every type to every other."""

from __future__ import annotations

import emu
import numpy as np
import pytest
import torch
from emu import EmuError, expect, run_op
from tables import BOOL, INTS, NUMBER, WIDE_UNSIGNED, Tensor, dtypes_of, sample

ALL = [*NUMBER, *BOOL, *WIDE_UNSIGNED]
WHOLE = [*INTS, *WIDE_UNSIGNED]


def cast(x: Tensor, dtype: torch.dtype) -> Tensor:
    if x.is_complex() and not dtype.is_complex and dtype is not torch.bool:
        x = x.real
    if dtype in WHOLE and x.is_floating_point():
        x = x.double().trunc()
    return x.to(dtype)


@pytest.mark.parametrize("to", ALL)
@pytest.mark.parametrize("dtype", ALL)
def test_cast(dtype: torch.dtype, to: torch.dtype) -> None:
    to_number = {"dst_type": emu.dtype_value(to)}
    unsigned = to in (torch.uint8, *WIDE_UNSIGNED)
    for shape in [(), (0, 2), (3, 17)]:
        x = sample(shape, dtype, "positive" if unsigned else "any")
        expect("Cast", [x], cast(x, to), to_number)


def test_dst_type_is_the_type_of_the_output() -> None:
    with pytest.raises(EmuError) as caught:
        run_op("Cast", [torch.ones(2)], [(torch.int32, [2])], {"dst_type": 9})
    assert caught.value.code == emu.OUTPUT_NOT_MATCH
    assert "attribute [dst_type] says DT_INT64" in caught.value.text


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("to", WHOLE)
def test_what_does_not_fit_is_cut_off(dtype: torch.dtype, to: torch.dtype) -> None:
    limits = np.iinfo(str(to).removeprefix("torch."))
    x = torch.tensor([float("inf"), float("-inf"), float("nan"), 2.9, -2.9]).to(dtype)
    least = 0 if limits.min == 0 else -2
    want = [int(limits.max), int(limits.min), 0, 2, least]
    expect("Cast", [x], torch.tensor(want, dtype=to), {"dst_type": emu.dtype_value(to)})


@pytest.mark.parametrize("to", [torch.int64, torch.uint64])
def test_large_numbers(to: torch.dtype) -> None:
    values = [2.0**62, 2.0**53 + 2]
    if to is torch.uint64:
        values += [2.0**63, 2.0**63 + 2**40]
    want = torch.tensor([int(value) for value in values], dtype=to)
    x = torch.tensor(values, dtype=torch.float64)
    expect("Cast", [x], want, {"dst_type": emu.dtype_value(to)})
    expect("Cast", [want], x, {"dst_type": emu.DTYPES["float64"]})


@pytest.mark.parametrize("dtype", WIDE_UNSIGNED)
def test_the_largest_unsigned_numbers(dtype: torch.dtype) -> None:
    most = int(np.iinfo(str(dtype).removeprefix("torch.")).max)
    x = torch.tensor([most], dtype=dtype)
    expect("Cast", [x], torch.tensor([float(most)], dtype=torch.float64), {"dst_type": 11})
    expect("Cast", [x], torch.tensor([True]), {"dst_type": 12})
    if dtype is not torch.uint64:
        expect("Cast", [x], torch.tensor([most]), {"dst_type": 9})


def test_integers_wrap() -> None:
    expect("Cast", [torch.tensor([300, -1])], torch.tensor([44, 255]).byte(), {"dst_type": 4})


def test_truth() -> None:
    x = torch.tensor([0.0, 0.25, float("nan"), -3.0])
    expect("Cast", [x], torch.tensor([False, True, True, True]), {"dst_type": 12})
    z = torch.tensor([0j, 1j])
    expect("Cast", [z], torch.tensor([False, True]), {"dst_type": 12})


def test_every_type_is_there(operators: emu.Direct) -> None:
    assert set(ALL) == dtypes_of(operators, "Cast", "x")
