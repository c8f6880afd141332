"""The aclnn functions of libopapi.so against ATen: types, broadcasts, views, in place, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
import torch
from aclnn import Aclnn, Int8, Scalar, Written
from emu import TOLERANCES, EmuError
from tables import sample

from ascendtorch.emulator.aclnn_spec import load_spec

TEMPLATES = Path(__file__).parents[3] / "templates" / "emulator"
PARAM_NULLPTR, PARAM_INVALID, AICORE_EXCEPTION = 161001, 161002, 507015

Tensor = torch.Tensor
F32, F16, BF16, I32, I64 = torch.float32, torch.float16, torch.bfloat16, torch.int32, torch.int64
BOOL = torch.bool
INDICES = torch.zeros(2, 4, dtype=I64)
SHAPES = [(), (0, 3), (7,), (3, 5), (2, 3, 17)]
PAIRS = [((), ()), ((0,), (1,)), ((2, 1, 5), (3, 1)), ((17, 3), (17, 3)), ((1, 33), (16, 1))]


@pytest.fixture(scope="session")
def aclnn(build_folder: Path) -> Aclnn:
    return Aclnn(build_folder / "lib")


def view_of(tensor: Tensor) -> Tensor:
    """The same numbers in a storage with gaps, and not from its start."""
    if tensor.dim() == 0:
        return torch.stack([tensor, tensor, tensor])[1]
    gaps = torch.zeros([2 * size + 1 for size in tensor.shape[::-1]], dtype=tensor.dtype)
    view = gaps.permute(*range(tensor.dim() - 1, -1, -1))
    view = view[tuple(slice(1, 2 * size + 1, 2) for size in tensor.shape)]
    return view.copy_(tensor)


def empty_for(expected: Tensor, *, strided: bool) -> Written:
    made = torch.full_like(expected, 1)
    return Written(view_of(made) if strided else made.clone())


def same(got: Tensor, expected: Tensor) -> None:
    close = TOLERANCES.get(str(expected.dtype).removeprefix("torch."), 1e-12)
    if not (expected.is_floating_point() or expected.is_complex()):
        close = 0
    torch.testing.assert_close(got, expected, rtol=close, atol=close, equal_nan=True)


def compare(
    aclnn: Aclnn, name: str, inputs: list[Any], expected: Tensor, after: tuple[Any, ...] = ()
) -> None:
    """Call with dense tensors, then with views, and compare."""
    for strided in (False, True):
        given = [view_of(x) if strided and isinstance(x, Tensor) else x for x in inputs]
        out = empty_for(expected, strided=strided)
        aclnn.call(f"aclnn{name}", *given, out, *after)
        same(out.tensor, expected)


def compare_inplace(aclnn: Aclnn, name: str, inputs: list[Any], expected: Tensor) -> None:
    for strided in (False, True):
        first = view_of(inputs[0]) if strided else inputs[0].clone()
        out = Written(first)
        aclnn.call(f"aclnnInplace{name}", out, *inputs[1:])
        same(out.tensor, expected.to(first.dtype))


#: Functions of one tensor: reference, domain of the sample, data types.
UNARY: dict[str, tuple[Callable[[Tensor], Tensor], str, list[torch.dtype]]] = {
    "Abs": (torch.abs, "any", [F32, F16, I64]),
    "Acos": (torch.acos, "unit", [F32]),
    "Asin": (torch.asin, "unit", [F32]),
    "Atan": (torch.atan, "any", [F32]),
    "BitwiseNot": (torch.bitwise_not, "any", [I32, BOOL]),
    "Ceil": (torch.ceil, "any", [F32, F16]),
    "Cos": (torch.cos, "any", [F32]),
    "Cosh": (torch.cosh, "any", [F32]),
    "Erf": (torch.erf, "any", [F32]),
    "Erfc": (torch.erfc, "any", [F32]),
    "Exp": (torch.exp, "any", [F32, F16, BF16, I32]),
    "Expm1": (torch.expm1, "any", [F32]),
    "Floor": (torch.floor, "any", [F32, F16]),
    "Gelu": (torch.nn.functional.gelu, "any", [F32]),
    "IsFinite": (torch.isfinite, "any", [F32, I32]),
    "Log": (torch.log, "positive", [F32]),
    "Log10": (torch.log10, "positive", [F32]),
    "Log1p": (torch.log1p, "positive", [F32]),
    "Log2": (torch.log2, "positive", [F32]),
    "LogicalNot": (torch.logical_not, "any", [F32, BOOL, I32]),
    "Neg": (torch.neg, "any", [F32, F16, I64, torch.complex64]),
    "Reciprocal": (torch.reciprocal, "positive", [F32]),
    "Relu": (torch.relu, "any", [F32, F16, I32]),
    "Round": (torch.round, "any", [F32]),
    "Rsqrt": (torch.rsqrt, "positive", [F32]),
    "Sigmoid": (torch.sigmoid, "any", [F32, F16]),
    "Sign": (torch.sign, "any", [F32, I32]),
    "Silu": (torch.nn.functional.silu, "any", [F32]),
    "Sin": (torch.sin, "any", [F32]),
    "Sinh": (torch.sinh, "any", [F32]),
    "Sqrt": (torch.sqrt, "positive", [F32, F16, torch.float64]),
    "Tan": (torch.tan, "unit", [F32]),
    "Tanh": (torch.tanh, "any", [F32, F16]),
    "Trunc": (torch.trunc, "any", [F32]),
}
#: Functions of two tensors; those of a tensor and a scalar beside them.
BINARY: dict[str, tuple[Callable[..., Tensor], list[torch.dtype]]] = {
    "Atan2": (torch.atan2, [F32]),
    "BitwiseAndTensor": (torch.bitwise_and, [I32, BOOL]),
    "BitwiseOrTensor": (torch.bitwise_or, [I32, BOOL]),
    "BitwiseXorTensor": (torch.bitwise_xor, [I32, BOOL]),
    "Div": (torch.div, [F32, F16]),
    "EqTensor": (torch.eq, [F32, I64, BOOL]),
    "FloorDivide": (lambda a, b: torch.div(a, b, rounding_mode="floor"), [F32]),
    "FmodTensor": (torch.fmod, [F32]),
    "GeTensor": (torch.ge, [F32, I64]),
    "GtTensor": (torch.gt, [F32, F16, I64]),
    "LeTensor": (torch.le, [F32, I64]),
    "LogicalAnd": (torch.logical_and, [BOOL, F32]),
    "LogicalOr": (torch.logical_or, [BOOL, F32]),
    "LogicalXor": (torch.logical_xor, [BOOL, F32]),
    "LtTensor": (torch.lt, [F32, I64]),
    "Maximum": (torch.maximum, [F32, I64]),
    "Minimum": (torch.minimum, [F32, I64]),
    "Mul": (torch.mul, [F32, F16, BF16, I64, torch.complex64]),
    "NeTensor": (torch.ne, [F32, I64]),
    "PowTensorTensor": (torch.pow, [I64]),
    "RemainderTensorTensor": (torch.remainder, [F32]),
}
WITH_SCALAR: dict[str, tuple[Callable[..., Tensor], list[torch.dtype]]] = {
    "BitwiseAndScalar": (torch.bitwise_and, [I32]),
    "BitwiseOrScalar": (torch.bitwise_or, [I32]),
    "BitwiseXorScalar": (torch.bitwise_xor, [I32]),
    "ClampMax": (lambda a, s: torch.clamp(a, max=s), [F32, I64]),
    "ClampMin": (lambda a, s: torch.clamp(a, min=s), [F32, I64]),
    "Divs": (torch.div, [F32]),
    "EqScalar": (torch.eq, [F32, I64]),
    "FloorDivides": (lambda a, s: torch.div(a, s, rounding_mode="floor"), [F32, I64]),
    "FmodScalar": (torch.fmod, [F32, I64]),
    "GeScalar": (torch.ge, [F32, I64]),
    "GtScalar": (torch.gt, [F32, I64]),
    "LeScalar": (torch.le, [F32, I64]),
    "LeakyRelu": (torch.nn.functional.leaky_relu, [F32]),
    "LtScalar": (torch.lt, [F32, I64]),
    "Muls": (torch.mul, [F32, F16, I64]),
    "NeScalar": (torch.ne, [F32, I64]),
    "PowTensorScalar": (torch.pow, [F32, I64]),
    "RemainderTensorScalar": (torch.remainder, [F32, I64]),
}
FUNCTIONS = load_spec(TEMPLATES / "aclnn.yaml").functions
NAMES = {function.name.removeprefix("aclnn") for function in FUNCTIONS}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("name", "dtype"), [(name, dtype) for name, row in UNARY.items() for dtype in row[2]]
)
def test_unary(aclnn: Aclnn, name: str, dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    reference, domain, _ = UNARY[name]
    x = sample(shape, dtype, domain)
    expected = reference(x)
    compare(aclnn, name, [x], expected)
    if f"Inplace{name}" in NAMES and expected.dtype == dtype:
        compare_inplace(aclnn, name, [x], expected)


@pytest.mark.parametrize("shapes", PAIRS)
@pytest.mark.parametrize(
    ("name", "dtype"), [(name, dtype) for name, row in BINARY.items() for dtype in row[1]]
)
def test_binary(aclnn: Aclnn, name: str, dtype: torch.dtype, shapes: tuple[Any, Any]) -> None:
    x, y = (sample(shape, dtype, "positive") for shape in shapes)
    expected = BINARY[name][0](x, y)
    compare(aclnn, name, [x, y], expected)
    if f"Inplace{name}" in NAMES and expected.shape == x.shape and expected.dtype == dtype:
        compare_inplace(aclnn, name, [x, y], expected)


@pytest.mark.parametrize(
    ("name", "dtype"), [(name, dtype) for name, row in WITH_SCALAR.items() for dtype in row[1]]
)
def test_with_a_scalar(aclnn: Aclnn, name: str, dtype: torch.dtype) -> None:
    for shape in SHAPES:
        x = sample(shape, dtype, "positive")
        value = 2 if dtype in (I32, I64) else 1.5
        scalar = Scalar(value, dtype if dtype in (I32, I64) else torch.float64)
        expected = WITH_SCALAR[name][0](x, value)
        compare(aclnn, name, [x, scalar], expected)
        if f"Inplace{name}" in NAMES and expected.dtype == dtype:
            compare_inplace(aclnn, name, [x, scalar], expected)


@pytest.mark.parametrize("dtype", [F32, F16, I64, torch.complex64])
@pytest.mark.parametrize(
    ("name", "reference"), [("Add", torch.add), ("Sub", torch.sub), ("Rsub", torch.rsub)]
)
def test_sums_with_alpha(
    aclnn: Aclnn, name: str, reference: Callable[..., Tensor], dtype: torch.dtype
) -> None:
    alpha = Scalar(3, dtype)
    for left, right in PAIRS:
        x, y = sample(left, dtype), sample(right, dtype)
        expected = reference(x, y, alpha=3)
        compare(aclnn, name, [x, y, alpha], expected)
        if expected.shape == x.shape and name != "Rsub":
            compare_inplace(aclnn, name, [x, y, alpha], expected)
        expected = reference(x, 2, alpha=3)
        compare(aclnn, f"{name}s", [x, Scalar(2, dtype), alpha], expected)
        if name != "Rsub":
            compare_inplace(aclnn, f"{name}s", [x, Scalar(2, dtype), alpha], expected)


@pytest.mark.parametrize("dtype", [F32, F16])
def test_ternary(aclnn: Aclnn, dtype: torch.dtype) -> None:
    x, y, z = sample((3, 5), dtype), sample((5,), dtype), sample((3, 1), dtype, "positive")
    half = Scalar(0.5)
    for name, inputs, expected in (
        ("Addcmul", [x, y, z, half], torch.addcmul(x, y, z, value=0.5)),
        ("Addcdiv", [x, y, z, half], torch.addcdiv(x, y, z, value=0.5)),
        ("Lerp", [x, y, z], torch.lerp(x, y.expand(3, 5), z)),
        ("Lerps", [x, y, half], torch.lerp(x, y, 0.5)),
    ):
        compare(aclnn, name, inputs, expected)
        compare_inplace(aclnn, name, inputs, expected)
    compare(aclnn, "SWhere", [x > 0, x, y], torch.where(x > 0, x, y))
    compare(aclnn, "PowScalarTensor", [Scalar(2.0), x], torch.pow(2.0, x))
    compare_inplace(aclnn, "MaskedFillScalar", [x, x > 0, half], x.masked_fill(x > 0, 0.5))
    for low, high in ((-0.5, None), (None, 0.5), (-0.5, 0.5)):
        bounds = [None if bound is None else Scalar(bound) for bound in (low, high)]
        compare(aclnn, "Clamp", [x, *bounds], torch.clamp(x, low, high))


@pytest.mark.parametrize("dtype", [F32, F16])
def test_softmax(aclnn: Aclnn, dtype: torch.dtype) -> None:
    for shape, dim in (((3, 17), 1), ((2, 3, 5), -2), ((0, 3), 1)):
        x = sample(shape, dtype)
        wide, grad = x.float(), sample(shape, F32)
        for name, reference in (("Softmax", torch.softmax), ("LogSoftmax", torch.log_softmax)):
            y = reference(wide, dim)
            compare(aclnn, name, [x, dim], y.to(dtype))
            wide.requires_grad_()
            (expected,) = torch.autograd.grad(reference(wide, dim), wide, grad)
            wide = wide.detach()
            compare(aclnn, f"{name}Backward", [grad, y, dim], expected)


def test_gradients(aclnn: Aclnn) -> None:
    grad, x = sample((3, 5), F32), sample((3, 5), F32)
    compare(aclnn, "ThresholdBackward", [grad, x, Scalar(0.0)], grad * (x > 0))
    for name, y, slope in (
        ("Sigmoid", x.sigmoid(), x.sigmoid() * (1 - x.sigmoid())),
        ("Tanh", x.tanh(), 1 - x.tanh() ** 2),
    ):
        compare(aclnn, f"{name}Backward", [grad, y], grad * slope)
    rows, indices = sample((2, 3, 6), F32), torch.tensor([[1, 2, 2], [0, 9, 1]])
    expected = torch.zeros(10, 6).index_add_(0, indices.flatten(), rows.reshape(6, 6))
    compare(aclnn, "EmbeddingDenseBackward", [rows, indices, 10, -1, False], expected)


@pytest.mark.parametrize("dtype", [F32, F16, BF16])
def test_products(aclnn: Aclnn, dtype: torch.dtype) -> None:
    def made(*shape: int) -> Tensor:
        return sample(shape, dtype, "small")

    def wide(x: Tensor) -> Tensor:
        return x.float()

    math = Int8(0)
    for name, left, right in (
        ("Mm", made(3, 17), made(17, 5)), ("Mm", made(0, 4), made(4, 5)),
        ("Matmul", made(2, 3, 4), made(4, 5)), ("Matmul", made(7), made(7)),
        ("Matmul", made(1, 2, 3, 4), made(5, 1, 4, 3)), ("Mv", made(3, 4), made(4)),
        ("BatchMatMul", made(2, 3, 4), made(2, 4, 5)),
    ):  # fmt: skip
        expected = torch.matmul(wide(left), wide(right)).to(dtype)
        compare(aclnn, name, [left, right], expected, after=(math,))
    x, y = made(9), made(9)
    compare(aclnn, "Dot", [x, y], torch.dot(wide(x), wide(y)).to(dtype))
    add, a, b = made(5), made(3, 4), made(4, 5)
    beta, alpha = Scalar(0.5), Scalar(2.0)
    expected = torch.addmm(wide(add), wide(a), wide(b), beta=0.5, alpha=2).to(dtype)
    compare(aclnn, "Addmm", [add, a, b, beta, alpha], expected, after=(math,))
    add = made(3, 5)
    expected = torch.addmm(wide(add), wide(a), wide(b), beta=0.5, alpha=2).to(dtype)
    compare_inplace(aclnn, "Addmm", [add, a, b, beta, alpha, math], expected)
    add, a, b = made(2, 3, 5), made(2, 3, 4), made(2, 4, 5)
    expected = torch.baddbmm(wide(add), wide(a), wide(b), beta=0.5, alpha=2).to(dtype)
    compare(aclnn, "Baddbmm", [add, a, b, beta, alpha], expected, after=(math,))


@pytest.mark.parametrize(("dims", "keep"), [([], False), ([1], True), ([0, -1], False)])
@pytest.mark.parametrize("dtype", [F32, F16, I32])
def test_reductions(aclnn: Aclnn, dtype: torch.dtype, dims: list[int], keep: bool) -> None:
    x = sample((3, 4, 17), dtype)
    all_dims = dims or [0, 1, 2]
    kind = I64 if dtype is I32 else dtype
    wide = x.float() if dtype is F16 else x
    compare(aclnn, "ReduceSum", [x, dims, keep, kind], torch.sum(wide, all_dims, keep).to(kind))
    for name, reference in (("Amax", torch.amax), ("Amin", torch.amin)):
        compare(aclnn, name, [x, dims, keep], reference(x, all_dims, keep))
    for name, reference in (("Any", torch.any), ("All", torch.all)):
        expected = x != 0
        for dim in sorted((d % 3 for d in all_dims), reverse=True):
            expected = reference(expected, dim, keep)
        compare(aclnn, name, [x, dims, keep], expected)
    if dtype is I32:
        return
    compare(aclnn, "Mean", [x, dims, keep, dtype], torch.mean(wide, all_dims, keep).to(dtype))
    for correction in (0, 1, 3):
        expected = torch.var(wide, all_dims, correction=correction, keepdim=keep)
        compare(aclnn, "VarCorrection", [x, dims, correction, keep], expected.to(dtype))
        compare(aclnn, "Std", [x, dims, correction, keep], expected.sqrt().to(dtype))
    expected = torch.linalg.vector_norm(wide, 2, all_dims, keep).to(dtype)
    compare(aclnn, "LinalgVectorNorm", [x, Scalar(2.0), dims, keep, dtype], expected)


def test_reductions_of_one_dim_and_to_one_number(aclnn: Aclnn) -> None:
    x = sample((3, 17), F32)
    for name, pair, single in (
        ("Max", torch.max, torch.argmax),
        ("Min", torch.min, torch.argmin),
    ):
        compare(aclnn, name, [x], pair(x))
        values, indices = pair(x, 1, keepdim=True)
        outs = empty_for(values, strided=True), empty_for(indices, strided=False)
        aclnn.call(f"aclnn{name}Dim", x, 1, True, *outs)
        same(outs[0].tensor, values)
        same(outs[1].tensor, indices)
        compare(aclnn, f"Arg{name}", [x, 0, False], single(x, 0))
    compare(aclnn, "Prod", [x, F32], torch.prod(x))
    compare(aclnn, "ProdDim", [x, 1, True, F32], torch.prod(x, 1, True))
    compare(aclnn, "Cumsum", [x, 1, F32], torch.cumsum(x, 1))
    compare(aclnn, "Equal", [x, x.clone()], torch.tensor(True))
    compare(aclnn, "Equal", [x, x + 1], torch.tensor([False]))
    for name, arguments, pair in (
        ("Topk", [3, 1, True, True], torch.topk(x, 3, 1)),
        ("Sort", [False, 1, True], torch.sort(x, 1, True)),
    ):
        outs = empty_for(pair[0], strided=False), empty_for(pair[1], strided=True)
        aclnn.call(f"aclnn{name}", x, *arguments, *outs)
        same(outs[0].tensor, pair[0])
        same(outs[1].tensor, pair[1])


@pytest.mark.parametrize("to", [F32, F16, BF16, I32, I64, BOOL, torch.uint8, torch.float64])
@pytest.mark.parametrize("dtype", [F32, F16, I64, BOOL])
def test_casts_and_copies(aclnn: Aclnn, dtype: torch.dtype, to: torch.dtype) -> None:
    for shape in SHAPES:
        x = sample(shape, dtype, "positive")
        compare(aclnn, "Cast", [x, to], x.to(to))
        old = sample((2, *shape), to)
        compare_inplace(aclnn, "Copy", [old, x], x.to(to).expand(2, *shape))


def test_fills_and_ranges(aclnn: Aclnn) -> None:
    for dtype in (F32, F16, I64, BOOL):
        for shape in SHAPES:
            x = sample(shape, dtype)
            compare_inplace(aclnn, "FillScalar", [x, Scalar(1, I64)], torch.ones_like(x))
            compare_inplace(aclnn, "FillTensor", [x, torch.tensor([1])], torch.ones_like(x))
            compare_inplace(aclnn, "One", [x], torch.ones_like(x))
            compare_inplace(aclnn, "Zero", [x], torch.zeros_like(x))
    start, end, step = Scalar(1, I64), Scalar(10, I64), Scalar(2, I64)
    compare(aclnn, "Arange", [start, end, step], torch.arange(1, 10, 2))


@pytest.mark.parametrize("dtype", [F32, F16, I64, BOOL, torch.complex64])
def test_moving_elements(aclnn: Aclnn, dtype: torch.dtype) -> None:
    x, y = sample((3, 4, 2), dtype), sample((3, 1, 2), dtype)
    empty = torch.empty(0, dtype=dtype)
    compare(aclnn, "Cat", [[x, y, empty], 1], torch.cat([x, y], 1))
    compare(aclnn, "Stack", [[x, x], -1], torch.stack([x, x], -1))
    compare(aclnn, "Permute", [x, [2, 0, -2]], x.permute(2, 0, 1))
    compare(aclnn, "Flip", [x, [0, 2]], x.flip(0, 2))
    compare(aclnn, "Repeat", [x, [2, 1, 1, 3]], x.repeat(2, 1, 1, 3))
    for name, reference in (("Tril", torch.tril), ("Triu", torch.triu)):
        compare(aclnn, name, [x, -1], reference(x, -1))
        compare_inplace(aclnn, name, [x, 1], reference(x, 1))
    indices = torch.tensor([[0, 2], [1, 1]])
    table = sample((3, 5), dtype)
    compare(aclnn, "Embedding", [table, indices], table[indices])
    compare(aclnn, "IndexSelect", [x, 1, indices[0]], x.index_select(1, indices[0]))
    compare(aclnn, "Gather", [table, 1, indices.int()], table.gather(1, indices))
    whole = torch.empty(0, dtype=I64)
    compare(aclnn, "Index", [x, [whole, indices]], x[:, indices])
    expected = table.clone()
    expected[indices[0]] = table[1]
    out = Written(table.clone())
    aclnn.call("aclnnIndexPutImpl", out, [indices[0]], table[1], False, False)
    same(out.tensor, expected)
    pieces = [empty_for(piece, strided=True) for piece in torch.split(x, [1, 3], 1)]
    aclnn.call("aclnnSplitWithSize", x, [1, 3], 1, pieces)
    for piece, wanted in zip(pieces, torch.split(x, [1, 3], 1)):
        same(piece.tensor, wanted)


def test_shapes_that_follow_from_the_data(aclnn: Aclnn) -> None:
    x = torch.tensor([[0.0, 1.5], [2.5, 0.0]])
    out = Written(torch.zeros(4))
    aclnn.call("aclnnMaskedSelect", x, x > 0, out)
    same(out.tensor[:2], torch.tensor([1.5, 2.5]))
    places = Written(torch.zeros(4, 2, dtype=I64))
    aclnn.call("aclnnNonzero", x, places)
    same(places.tensor.flatten()[:4], torch.tensor([0, 1, 1, 0]))


@pytest.mark.parametrize(
    ("code", "part", "name", "arguments"),
    [
        (PARAM_INVALID, "do not broadcast", "Mul", ((2, 3), (2, 4), (2, 3))),
        (PARAM_INVALID, "[2, 3]", "Mul", ((2, 3), (2, 3), (2, 4))),
        (PARAM_NULLPTR, "argument other", "Mul", ((2, 3), None, (2, 3))),
        (PARAM_INVALID, "cannot be multiplied", "Mm", ((2, 3), (2, 3), (2, 3), Int8(0))),
        (PARAM_INVALID, "argument dims is [0, 0]", "Permute", ((2, 3), [0, 0], (2, 3))),
        (PARAM_INVALID, "argument dim is 2", "Softmax", ((2, 3), 2, (2, 3))),
        (PARAM_INVALID, "argument k is 4", "Topk", ((2, 3), 4, 1, True, True, (2, 4), INDICES)),
        (PARAM_INVALID, "cannot be split", "SplitWithSize", ((2, 3), [1, 1], 1, [(2, 1), (2, 1)])),
    ],
)
def test_what_does_not_fit_is_refused(
    aclnn: Aclnn, code: int, part: str, name: str, arguments: tuple[Any, ...]
) -> None:
    def made(argument: Any) -> Any:
        if isinstance(argument, tuple):
            return torch.zeros(argument)
        if isinstance(argument, list) and isinstance(argument[0], tuple):
            return [torch.zeros(shape) for shape in argument]
        return argument

    with pytest.raises(EmuError) as refusal:
        aclnn.call(f"aclnn{name}", *map(made, arguments))
    assert refusal.value.code == code
    assert part in refusal.value.text
    assert f"aclnn{name}GetWorkspaceSize" in refusal.value.text


def test_types_that_a_function_does_not_have_are_refused(aclnn: Aclnn) -> None:
    x = torch.zeros(2, dtype=BOOL)
    with pytest.raises(EmuError, match=r"aclnnNeg\]: input self has data type DT_BOOL") as refusal:
        aclnn.call("aclnnNeg", x, Written(x.clone()))
    assert refusal.value.code == PARAM_INVALID


def test_indices_out_of_range_surface_when_synchronised(aclnn: Aclnn) -> None:
    out = Written(torch.zeros(1, 3))
    with pytest.raises(EmuError, match="aclnnEmbedding") as refusal:
        aclnn.call("aclnnEmbedding", torch.zeros(2, 3), torch.tensor([5]), out)
    assert refusal.value.code == AICORE_EXCEPTION


def test_every_function_was_tested(aclnn: Aclnn, request: pytest.FixtureRequest) -> None:
    """Stands last: it looks at what the tests above have called."""
    config = request.config
    if config.getoption("keyword") or any("::" in argument for argument in config.args):
        pytest.skip("only some tests were asked for")
    assert {function.name for function in FUNCTIONS} - aclnn.called == set()
