"""Products, decompositions and equations of matrices."""

from __future__ import annotations

import emu
import pytest
import torch
from emu import expect, host, run_op
from index_support import BASIC, Tensor, numbers, refused
from tables import COMPLEX, NUMBER, sample

SOLVABLE = [torch.float32, torch.float64, *COMPLEX]
BATCHES = [(), (2,), (2, 3), (0,)]
F32 = torch.float32


def close(dtype: torch.dtype) -> float:
    return {torch.float16: 1e-2, F32: 1e-3, torch.complex64: 1e-3}.get(dtype, 1e-9)


def matrix(batch: tuple[int, ...], rows: int, columns: int, dtype: torch.dtype) -> Tensor:
    return sample((*batch, rows, columns), dtype, "small")


def solvable(batch: tuple[int, ...], size: int, dtype: torch.dtype) -> Tensor:
    """Far from singular."""
    return matrix(batch, size, size, dtype) + 4 * torch.eye(size, dtype=dtype)


def definite(batch: tuple[int, ...], size: int, dtype: torch.dtype) -> Tensor:
    half = matrix(batch, size, size, dtype)
    return half @ half.mH + 2 * torch.eye(size, dtype=dtype)


@pytest.mark.parametrize("dtype", [t for t in NUMBER if t is not torch.bfloat16])
def test_cross(dtype: torch.dtype) -> None:
    x, y = sample((2, 3, 4), dtype, "positive"), sample((2, 3, 4), dtype, "positive")
    want = torch.linalg.cross(x.float() if dtype is torch.float16 else x,
                              y.float() if dtype is torch.float16 else y, dim=1)  # fmt: skip
    # The second product is rounded before it is taken off.
    within = 3e-2 if dtype is torch.float16 else None
    expect("Cross", [x, y], want.to(dtype), tolerance=within)
    expect("Cross", [x, y], want.to(dtype), {"dim": -2}, within)
    text = refused(emu.INPUT_NOT_MATCH, "Cross", [x, y], [(dtype, x.shape)], {"dim": 0})
    assert "attribute [dim] is 0 for shape [2, 3, 4]; a dim of 3 elements is expected" in text


@pytest.mark.parametrize("dtype", [torch.float16, F32])
@pytest.mark.parametrize("p", [0.0, 1.0, 1.5, 2.0, float("inf")])
@pytest.mark.parametrize("batch", [(), (2,), (0,)])
def test_cdist(dtype: torch.dtype, p: float, batch: tuple[int, ...]) -> None:
    x = torch.randn(*batch, 40, 5).to(dtype)
    y = torch.randn(*batch, 30, 5).to(dtype)
    inner = (x.double().unsqueeze(-2) - y.double().unsqueeze(-3)).abs()
    want = torch.linalg.vector_norm(inner, p, -1)
    expect("Cdist", [x, y], want.to(dtype), {"p": p}, close(dtype))
    if p == 0:
        return
    a = x.double().requires_grad_()
    distance = torch.cdist(a, y.double(), p, compute_mode="donot_use_mm_for_euclid_dist")
    grad = torch.randn(distance.shape).to(dtype)
    (want,) = torch.autograd.grad(distance, a, grad.double())
    inputs = [grad, x, y, distance.detach().to(dtype)]
    expect("CdistGrad", inputs, want.to(dtype), {"p": p}, 5 * close(dtype))


def test_cdist_of_close_points() -> None:
    x = torch.full((30, 3), 1000.0)
    y = x + 0.001
    want = torch.linalg.vector_norm(x.unsqueeze(1) - y, 2, -1)
    expect("Cdist", [x, y], want)


def test_cdist_refuses() -> None:
    x, out = torch.randn(2, 4, 5), [(F32, [2, 4, 4])]
    text = refused(emu.INPUT_NOT_MATCH, "Cdist", [x, x[:1]], out)
    assert "must have equal dims but the last but one" in text
    assert "[p] is -1" in refused(emu.ATTR_NOT_MATCH, "Cdist", [x, x], out, {"p": -1.0})
    text = refused(emu.INPUT_NOT_MATCH, "CdistGrad", [x, x, x, x], [(F32, [2, 4, 5])])
    assert "[2, 4, 4] is expected" in text


@pytest.mark.parametrize("dtype", [torch.float16, F32])
@pytest.mark.parametrize(("m", "n"), [(3, 17), (1, 1), (0, 4)])
def test_ger(dtype: torch.dtype, m: int, n: int) -> None:
    x, y = torch.randn(m).to(dtype), torch.randn(n).to(dtype)
    expect("Ger", [x, y], torch.outer(x.float(), y.float()).to(dtype))
    refused(emu.INPUT_NOT_MATCH, "Ger", [x.unsqueeze(0), y], [(dtype, [m, n])])


@pytest.mark.parametrize("dtype", [torch.float16, F32, torch.int32])
@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", [(3, 4), (4, 17)]),
        ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
        ("ii->i", [(5, 5)]),
        ("i,j,k->kji", [(2,), (3,), (4,)]),
        ("...ij->...ji", [(2, 3, 4)]),
        ("ij->", [(3, 4)]),
    ],
)
def test_einsum(dtype: torch.dtype, equation: str, shapes: list[tuple[int, ...]]) -> None:
    factors = [torch.randint(-4, 5, shape).to(dtype) for shape in shapes]
    want = torch.einsum(equation, *(f.double() for f in factors)).to(dtype)
    expect("Einsum", factors, want, {"equation": equation, "N": len(factors)})


def test_einsum_refuses() -> None:
    x, out = torch.randn(3, 3), [(F32, [3, 3])]
    text = refused(emu.ATTR_NOT_MATCH, "Einsum", [x], out, {"equation": "ij->ij", "N": 2})
    assert "attribute [N] is 2; 1 tensors of x were given" in text
    refused(emu.AICORE_EXCEPTION, "Einsum", [x, x[:2]], out, {"equation": "ij,jk->ik", "N": 2})
    refused(emu.INPUT_NOT_MATCH, "Einsum", [x, x.half()], out, {"equation": "ij,jk->ik", "N": 2})
    half = [(torch.float16, [3, 3])]
    refused(emu.OUTPUT_NOT_MATCH, "Einsum", [x, x], half, {"equation": "ij,jk->ik", "N": 2})


@pytest.mark.parametrize("dtype", SOLVABLE)
@pytest.mark.parametrize("batch", BATCHES)
def test_inverse_and_determinant(dtype: torch.dtype, batch: tuple[int, ...]) -> None:
    x = solvable(batch, 4, dtype)
    exact = x.to(torch.complex128 if dtype.is_complex else torch.float64)
    within = close(dtype)
    expect("MatrixInverse", [x], exact.inverse().to(dtype), tolerance=within)
    expect("MatrixInverse", [x], exact.mH.inverse().to(dtype), {"adjoint": True}, within)
    expect("MatrixDeterminant", [x], exact.det().to(dtype), tolerance=within)
    sign, value = exact.slogdet()
    expect("LogMatrixDeterminant", [x], [sign.to(dtype), value.to(dtype)], tolerance=within)


@pytest.mark.parametrize("dtype", [torch.float16, F32, torch.float64])
def test_slogdet(dtype: torch.dtype) -> None:
    x = solvable((2,), 3, dtype)
    sign, value = (-x).double().slogdet()
    expect("Slogdet", [-x], [sign.to(dtype), value.to(dtype)], tolerance=close(dtype))


@pytest.mark.parametrize("dtype", [*SOLVABLE, torch.float16])
@pytest.mark.parametrize("batch", BATCHES)
def test_cholesky(dtype: torch.dtype, batch: tuple[int, ...]) -> None:
    x = (
        definite(batch, 5, torch.float32).half()
        if dtype is torch.float16
        else definite(batch, 5, dtype)
    )
    wide = x.float() if dtype is torch.float16 else x
    expect("Cholesky", [x], torch.linalg.cholesky(wide).to(dtype), tolerance=close(dtype))


@pytest.mark.parametrize("dtype", SOLVABLE)
@pytest.mark.parametrize("batch", BATCHES)
def test_solving(dtype: torch.dtype, batch: tuple[int, ...]) -> None:
    x, rhs = solvable(batch, 4, dtype), matrix(batch, 4, 17, dtype)
    within = close(dtype)
    expect("MatrixSolve", [x, rhs], torch.linalg.solve(x, rhs), tolerance=within)
    want = torch.linalg.solve(x.mH.contiguous(), rhs)
    expect("MatrixSolve", [x, rhs], want, {"adjoint": True}, within)
    for lower in (True, False):
        triangle = x.tril() if lower else x.triu()
        for adjoint in (True, False):
            want = torch.linalg.solve(triangle.mH if adjoint else triangle, rhs)
            # Of the other triangle nothing is read.
            attrs = {"lower": lower, "adjoint": adjoint}
            expect("MatrixTriangularSolve", [x, rhs], want, attrs, within)


def test_solving_refuses() -> None:
    x, rhs = torch.zeros(3, 3), torch.randn(3, 2)
    out = [(F32, [3, 2])]
    text = refused(emu.AICORE_EXCEPTION, "MatrixSolve", [x, rhs], out)
    assert "singular" in text
    refused(emu.AICORE_EXCEPTION, "MatrixInverse", [x], [(F32, [3, 3])])
    refused(emu.AICORE_EXCEPTION, "Cholesky", [x - 1], [(F32, [3, 3])])
    text = refused(emu.INPUT_NOT_MATCH, "MatrixSolve", [x, rhs[:2]], [(F32, [2, 2])])
    assert "the dims of matrix [3, 3] with any number of columns" in text
    text = refused(emu.INPUT_NOT_MATCH, "MatrixInverse", [rhs], [(F32, [3, 2])])
    assert "square matrices are expected" in text
    refused(emu.INPUT_NOT_MATCH, "Cholesky", [x[0]], [(F32, [3])])


@pytest.mark.parametrize("dtype", [F32, torch.float64])
@pytest.mark.parametrize(("rows", "columns"), [(4, 4), (3, 7), (7, 3)])
def test_pinverse(dtype: torch.dtype, rows: int, columns: int) -> None:
    x = matrix((2,), rows, columns, dtype)
    expect("Pinverse", [x], x.double().pinverse().to(dtype), tolerance=close(dtype))


@pytest.mark.parametrize("dtype", SOLVABLE)
@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(("rows", "columns"), [(4, 4), (3, 7), (7, 3)])
@pytest.mark.parametrize("full", [False, True])
def test_decompositions(
    dtype: torch.dtype, batch: tuple[int, ...], rows: int, columns: int, full: bool
) -> None:
    x = matrix(batch, rows, columns, dtype)
    least, within = min(rows, columns), close(dtype)

    def near(result: Tensor, want: Tensor) -> None:
        torch.testing.assert_close(result, want.to(dtype), rtol=within, atol=within)

    inner = rows if full else least
    attrs = {"full_matrices": full}
    q, r = run_op("Qr", [x], [(dtype, [*batch, rows, inner]), (dtype, [*batch, inner, columns])],
                  attrs)  # fmt: skip
    near(q @ r, x)
    near(q.mH @ q, torch.eye(inner).expand(*batch, inner, inner))
    assert r.tril(-1).abs().sum() == 0
    u_columns, v_columns = (rows, columns) if full else (least, least)
    outputs = [(dtype, [*batch, least]), (dtype, [*batch, rows, u_columns]),
               (dtype, [*batch, columns, v_columns])]  # fmt: skip
    sigma, u, v = run_op("Svd", [x], outputs, attrs)
    near(sigma, torch.linalg.svdvals(x))
    near(u[..., :least] * sigma.unsqueeze(-2) @ v[..., :least].mH, x)
    near(u.mH @ u, torch.eye(u_columns).expand(*batch, u_columns, u_columns))
    near(v.mH @ v, torch.eye(v_columns).expand(*batch, v_columns, v_columns))
    (values, *_) = run_op("Svd", [x], [outputs[0], None, None], {"compute_uv": False})
    near(values, sigma)


def test_qr_of_halves() -> None:
    x = torch.randn(5, 3).half()
    q, r = run_op("Qr", [x], [(torch.float16, [5, 3]), (torch.float16, [3, 3])])
    torch.testing.assert_close((q.float() @ r.float()), x.float(), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("dtype", SOLVABLE)
@pytest.mark.parametrize("batch", BATCHES)
def test_self_adjoint_eig(dtype: torch.dtype, batch: tuple[int, ...]) -> None:
    x = definite(batch, 4, dtype)
    # Only the lower triangle is read.
    half = x.tril()
    outputs = [(dtype, [*batch, 4]), (dtype, [*batch, 4, 4])]
    values, vectors = run_op("SelfAdjointEig", [half], outputs)
    within = close(dtype)
    want = torch.linalg.eigvalsh(x).to(dtype)
    torch.testing.assert_close(values, want, rtol=within, atol=within)
    torch.testing.assert_close(
        vectors * values.unsqueeze(-2) @ vectors.mH, x, rtol=within, atol=within
    )
    again, _ = run_op("SelfAdjointEig", [half], [outputs[0], None], {"compute_v": False})
    assert again.equal(values)


@pytest.mark.parametrize("dtype", [t for t in BASIC if t not in (torch.uint32, torch.uint64)])
def test_conjugate_transpose(dtype: torch.dtype) -> None:
    x = numbers((2, 3, 4), dtype)
    want = x.permute(2, 0, 1).conj().resolve_conj().contiguous()
    expect("ConjugateTranspose", [x, host([2, 0, 1])], want)
    expect("ConjugateTranspose", [x, torch.tensor([2, 0, 1]).int()], want)
    text = refused(emu.AICORE_EXCEPTION, "ConjugateTranspose", [x, host([0, 1, 1])],
                   [(dtype, [2, 3, 3])])  # fmt: skip
    assert "input perm is [0, 1, 1]; each of 0 to 2 once" in text
