"""Complex numbers and their parts."""

from __future__ import annotations

import emu
import pytest
import torch
from emu import EmuError, expect, run_op
from tables import sample

PAIRS = [(torch.complex64, torch.float32), (torch.complex128, torch.float64)]


@pytest.mark.parametrize(("dtype", "part"), PAIRS)
def test_parts(dtype: torch.dtype, part: torch.dtype) -> None:
    for shape in [(), (0, 2), (3, 17)]:
        x = sample(shape, dtype)
        attrs = {} if part is torch.float32 else {"Tout": part}
        expect("ComplexAbs", [x], x.abs(), attrs)
        expect("Imag", [x], x.imag, attrs)
        number = {} if part is torch.float32 else {"Tout": emu.dtype_value(part)}
        expect("Real", [x], x.real, number)


@pytest.mark.parametrize(("dtype", "part"), PAIRS)
def test_complex(dtype: torch.dtype, part: torch.dtype) -> None:
    real, imag = sample((2, 1), part), sample((3,), part)
    real[0] = float("inf")
    attrs = {"Tout": emu.dtype_value(dtype)}
    expect("Complex", [real, imag], torch.complex(*torch.broadcast_tensors(real, imag)), attrs)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_real_of_a_real_number(dtype: torch.dtype) -> None:
    x = sample((5,), dtype)
    expect("Real", [x], x, {"Tout": emu.dtype_value(dtype)})


def test_parts_of_another_type() -> None:
    with pytest.raises(EmuError) as caught:
        run_op("ComplexAbs", [torch.ones(2, dtype=torch.complex128)], [(torch.float32, [2])])
    assert caught.value.code == emu.OUTPUT_NOT_MATCH
    assert "DT_COMPLEX128 has parts of DT_DOUBLE" in caught.value.text
    with pytest.raises(EmuError) as caught:
        run_op("Complex", [torch.ones(2).double()] * 2, [(torch.complex64, [2])])
    assert "output out has data type DT_COMPLEX64, its parts have DT_DOUBLE" in caught.value.text
