"""Operators of one tensor, element by element."""

from __future__ import annotations

import emu
import pytest
import torch
from emu import EmuError, expect, run_op
from tables import (
    BOOL,
    COMPLEX,
    FLOATING,
    FLOATS,
    INTS,
    REAL,
    SHAPES,
    WIDE_UNSIGNED,
    Reference,
    by_bits,
    dtypes_of,
    exact,
    sample,
)  # fmt: skip

WORDS = [torch.int32, torch.int64]
FLOAT_OR_COMPLEX = [*FLOATING, *COMPLEX]
F = torch.nn.functional

TABLE: list[tuple[str, list[torch.dtype], str, Reference]] = [
    ("Abs", [*FLOATING, torch.int8, torch.int16, *WORDS], "any", torch.abs),
    ("Neg", [*FLOAT_OR_COMPLEX, torch.int8, *WORDS], "any", torch.neg),
    ("Exp", FLOAT_OR_COMPLEX, "any", torch.exp),
    ("Expm1", FLOAT_OR_COMPLEX, "any", lambda x: torch.exp(x) - 1),
    ("Log", FLOAT_OR_COMPLEX, "positive", torch.log),
    ("Log1p", FLOATING, "positive", torch.log1p),
    ("Sqrt", FLOAT_OR_COMPLEX, "positive", torch.sqrt),
    ("Rsqrt", FLOAT_OR_COMPLEX, "positive", lambda x: 1 / torch.sqrt(x)),
    ("Reciprocal", FLOAT_OR_COMPLEX, "positive", lambda x: 1 / x),
    ("Inv", FLOATS, "positive", lambda x: 1 / x),
    ("Square", [*FLOAT_OR_COMPLEX, *WORDS], "any", lambda x: x * x),
    ("Sign", [*FLOAT_OR_COMPLEX, *WORDS], "any", torch.sgn),
    ("Floor", FLOATING, "any", torch.floor),
    ("Ceil", FLOATING, "any", torch.ceil),
    ("Rint", FLOATING, "any", torch.round),
    ("Round", [*FLOATING, *WORDS], "any", torch.round),
    ("Trunc", [*FLOATS, torch.int8, torch.int32, torch.uint8], "any", torch.trunc),
    ("Sin", FLOAT_OR_COMPLEX, "any", torch.sin),
    ("Cos", FLOAT_OR_COMPLEX, "any", torch.cos),
    ("Tan", FLOAT_OR_COMPLEX, "small", torch.tan),
    ("Asin", FLOAT_OR_COMPLEX, "unit", torch.asin),
    ("Acos", FLOAT_OR_COMPLEX, "unit", torch.acos),
    ("Atan", FLOAT_OR_COMPLEX, "any", torch.atan),
    ("Sinh", FLOAT_OR_COMPLEX, "any", torch.sinh),
    ("Cosh", FLOAT_OR_COMPLEX, "any", torch.cosh),
    ("Asinh", FLOAT_OR_COMPLEX, "any", torch.asinh),
    ("Acosh", FLOAT_OR_COMPLEX, "above", torch.acosh),
    ("Atanh", FLOAT_OR_COMPLEX, "unit", torch.atanh),
    ("Erf", FLOATING, "any", torch.erf),
    ("Erfc", FLOATING, "small", torch.erfc),
    ("Erfinv", FLOATS, "unit", torch.erfinv),
    ("Ndtri", FLOATING, "positive", torch.special.ndtri),
    ("Digamma", [torch.float32, torch.float64, torch.float16], "above", torch.digamma),
    ("Lgamma", [torch.float32, torch.float64, torch.float16], "above", torch.lgamma),
    ("Invert", [*INTS, *WIDE_UNSIGNED], "any", by_bits(torch.bitwise_not)),
    ("LogicalNot", BOOL, "any", torch.logical_not),
    ("Conj", COMPLEX, "any", lambda x: torch.conj(x).resolve_conj()),
    ("Power", FLOATS, "any", lambda x: x),
    ("Sigmoid", FLOAT_OR_COMPLEX, "any", lambda x: 1 / (1 + torch.exp(-x))),
    ("Tanh", FLOAT_OR_COMPLEX, "small", torch.tanh),
    ("Relu", REAL, "any", lambda x: x.clamp(min=0)),
    ("Relu6", REAL, "any", lambda x: x.clamp(0, 6)),
    ("Gelu", FLOATS, "any", F.gelu),
    ("FastGelu", FLOATS, "any", lambda x: x / (1 + torch.exp(-1.702 * x))),
    ("Softplus", FLOATING, "any", lambda x: torch.log1p(torch.exp(x))),
    ("Softsign", FLOATING, "any", F.softsign),
    ("HardSwish", FLOATS, "any", F.hardswish),
    ("HardSigmoid", FLOATS, "any", F.hardsigmoid),
    ("Mish", FLOATS, "any", F.mish),
    ("LogSigmoid", FLOATS, "any", F.logsigmoid),
    ("Selu", FLOATING, "any", F.selu),
    ("LeakyRelu", FLOATING, "any", lambda x: x.clamp(min=0)),
    ("Elu", FLOATING, "any", F.elu),
    ("CeluV2", FLOATS, "any", F.celu),
    ("SoftplusV2", FLOATS, "any", F.softplus),
    ("Swish", FLOATS, "any", F.silu),
]
INPUT_NAMES = {"Trunc": "input_x", "Erfinv": "input_x", "Conj": "input", "HardSigmoid": "input_x"}
CASES = [(op, dtype) for op, dtypes, _, _ in TABLE for dtype in dtypes]
ROWS = {op: (dtypes, domain, reference) for op, dtypes, domain, reference in TABLE}


@pytest.mark.parametrize(("op", "dtype"), CASES)
def test_against_torch(op: str, dtype: torch.dtype) -> None:
    _, domain, reference = ROWS[op]
    for shape in SHAPES:
        x = sample(shape, dtype, domain)
        if op == "Ndtri":
            x = torch.sigmoid(x.float()).to(dtype)
        want = reference(exact(x)).to(dtype)
        expect(op, [x], want, tolerance=5e-3 if op in ("Digamma", "Lgamma") else None)


@pytest.mark.parametrize("op", list(ROWS))
def test_every_dtype_is_tested(op: str, operators: emu.Direct) -> None:
    assert set(ROWS[op][0]) == dtypes_of(operators, op, INPUT_NAMES.get(op, "x"))


SPECIAL = torch.tensor([0.0, -0.0, float("inf"), float("-inf"), float("nan"), 1.0, -2.5])


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize(
    ("op", "reference"),
    [("IsNan", torch.isnan), ("IsInf", torch.isinf), ("IsFinite", torch.isfinite)],
)
def test_classification(op: str, reference: Reference, dtype: torch.dtype) -> None:
    expect(op, [SPECIAL.to(dtype)], reference(SPECIAL))


@pytest.mark.parametrize("op", ["Abs", "Exp", "Sqrt", "Relu", "Floor", "Sigmoid", "Tanh"])
def test_infinities_and_nan(op: str) -> None:
    expect(op, [SPECIAL], ROWS[op][2](SPECIAL))


def test_halves_are_rounded_to_even() -> None:
    x = torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5])
    want = torch.tensor([0.0, 2.0, 2.0, -0.0, -2.0])
    expect("Round", [x], want)
    expect("Rint", [x], want)


@pytest.mark.parametrize(
    ("decimals", "want"), [(1, [1.3, -2.7]), (2, [1.26, -2.71]), (-1, [0.0, 0.0])]
)
def test_round_to_decimals(decimals: int, want: list[float]) -> None:
    expect("Round", [torch.tensor([1.26, -2.713])], torch.tensor(want), {"decimals": decimals})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize(
    ("op", "attrs", "reference"),
    [
        ("Exp", {"base": 2.0}, lambda x: 2**x),
        ("Exp", {"base": 10.0, "scale": 0.5, "shift": 1.0}, lambda x: 10 ** (0.5 * x + 1)),
        ("Log", {"base": 2.0}, torch.log2),
        ("Log", {"base": 10.0, "scale": 2.0, "shift": 1.0}, lambda x: torch.log10(2 * x + 1)),
        ("Power", {"power": 2.0, "scale": 3.0, "shift": 1.0}, lambda x: (1 + 3 * x) ** 2),
        ("LeakyRelu", {"negative_slope": 0.1}, lambda x: torch.where(x > 0, x, 0.1 * x)),
        ("Elu", {"alpha": 2.0, "scale": 3.0, "input_scale": 0.5},
         lambda x: 3 * torch.where(x > 0, x, 2 * (torch.exp(0.5 * x) - 1))),
        ("CeluV2", {"alpha": 0.5}, lambda x: F.celu(x, 0.5)),
        ("SoftplusV2", {"beta": 2.0, "threshold": 3.0}, lambda x: F.softplus(x, 2, 3)),
        ("HardSigmoid", {"alpha": 0.2, "beta": 0.4}, lambda x: (0.2 * x + 0.4).clamp(0, 1)),
        ("Swish", {"scale": 2.0}, lambda x: x * torch.sigmoid(2 * x)),
        ("NanToNum", {"nan": 1.0, "posinf": 2.0, "neginf": 3.0},
         lambda x: torch.nan_to_num(x, 1, 2, 3)),
    ],
)  # fmt: skip
def test_attributes(
    op: str, attrs: dict[str, float], reference: Reference, dtype: torch.dtype
) -> None:
    x = SPECIAL if op == "NanToNum" else sample((4, 9), dtype, "small").abs() + 0.1
    if op in ("LeakyRelu", "Elu", "CeluV2", "HardSigmoid", "Swish"):
        x = sample((4, 9), dtype)
    x = x.to(dtype)
    expect(op, [x], reference(exact(x)).to(dtype), attrs)


def test_base_must_be_positive() -> None:
    with pytest.raises(EmuError) as caught:
        run_op("Exp", [torch.ones(2)], [(torch.float32, [2])], {"base": -2.0})
    assert caught.value.code == emu.ATTR_NOT_MATCH
    assert "attribute [base] is -2" in caught.value.text
