/* Decompositions of matrices, and what is solved with them. */
#include <algorithm>

#include "args.h"
#include "codes.h"
#include "matrix_dims.h"
#include "shapes.h"
#include "widen.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kSolvable = kComplex | ACL_FLOAT | ACL_DOUBLE;

at::Tensor adjoint_of(const at::Tensor &x) { return x.transpose(-2, -1).conj(); }

void square_shape(Shapes &s) { s.set(0, square(s, 0)); }

EMU_OP(MatrixInverse)
    .input("x", kSolvable)
    .output("y", same_as("x"))
    .attr("adjoint", false)
    .shapes(square_shape)
    .body([](Args &a) {
      const at::Tensor inverse = at::inverse(a.in(0));
      a.out(0, a.b("adjoint") ? adjoint_of(inverse) : inverse);
    });

EMU_OP(MatrixDeterminant)
    .input("x", kSolvable)
    .output("y", same_as("x"))
    .shapes([](Shapes &s) { s.set(0, batch_of(square(s, 0))); })
    .body([](Args &a) { a.out(0, at::det(a.in(0))); });

void determinant_shape(Shapes &s) {
  const Dims batch = batch_of(square(s, 0));
  s.set(0, batch);
  s.set(1, batch);
}

void log_determinant(Args &a) {
  const auto result = at::slogdet(widened(a.in(0)));
  a.out(0, std::get<0>(result));
  a.out(1, std::get<1>(result));
}

EMU_OP(LogMatrixDeterminant)
    .input("x", kSolvable)
    .output("sign", same_as("x"))
    .output("y", same_as("x"))
    .shapes(determinant_shape)
    .body(log_determinant);

EMU_OP(Slogdet)
    .input("x", {ACL_FLOAT16, ACL_FLOAT, ACL_DOUBLE})
    .output("sign", same_as("x"))
    .output("y", same_as("x"))
    .shapes(determinant_shape)
    .body(log_determinant);

EMU_OP(Cholesky)
    .input("x", kSolvable | ACL_FLOAT16)
    .output("y", same_as("x"))
    .shapes(square_shape)
    .body([](Args &a) { a.out(0, at::cholesky(widened(a.in(0)))); });

Dims solution_dims(const Call &call) {
  const Dims matrix = square(call, 0);
  const Dims rhs = matrices(call, 1);
  if (batch_of(matrix) != batch_of(rhs) || matrix.back() != rhs[rhs.size() - 2]) {
    call.refuse(kAtCheck, "input rhs has shape %s; the dims of matrix %s with any number of "
                "columns are expected", dims_text(rhs).c_str(), dims_text(matrix).c_str());
  }
  return rhs;
}

EMU_OP(MatrixSolve)
    .input("matrix", kSolvable)
    .input("rhs", same_as("matrix"))
    .output("y", same_as("matrix"))
    .attr("adjoint", false)
    .shapes([](Shapes &s) { s.set(0, solution_dims(s)); })
    .body([](Args &a) {
      const at::Tensor matrix = a.in(0);
      a.out(0, at::linalg_solve(a.b("adjoint") ? adjoint_of(matrix) : matrix, a.in(1)));
    });

EMU_OP(MatrixTriangularSolve)
    .input("matrix", kSolvable)
    .input("rhs", same_as("matrix"))
    .output("y", same_as("matrix"))
    .attr("lower", true)
    .attr("adjoint", false)
    .shapes([](Shapes &s) { s.set(0, solution_dims(s)); })
    .body([](Args &a) {
      const bool adjoint_asked = a.b("adjoint");
      const at::Tensor matrix = adjoint_asked ? adjoint_of(a.in(0)) : a.in(0);
      const bool upper = a.b("lower") == adjoint_asked;
      a.out(0, std::get<0>(at::triangular_solve(a.in(1), matrix, upper)));
    });

EMU_OP(Pinverse)
    .input("x", {ACL_FLOAT, ACL_DOUBLE})
    .output("y", same_as("x"))
    .attr("rcond", 1e-15)
    .shapes([](Shapes &s) {
      const Dims x = matrices(s, 0);
      s.set(0, joined(batch_of(x), x.back(), x[x.size() - 2]));
    })
    .body([](Args &a) { a.out(0, at::pinverse(a.in(0), a.f("rcond"))); });

EMU_OP(Qr)
    .input("x", kSolvable | ACL_FLOAT16)
    .output("q", same_as("x"))
    .output("r", same_as("x"))
    .attr("full_matrices", false)
    .shapes([](Shapes &s) {
      const Dims x = matrices(s, 0);
      const int64_t rows = x[x.size() - 2];
      const int64_t inner = s.b("full_matrices") ? rows : std::min(rows, x.back());
      s.set(0, joined(batch_of(x), rows, inner));
      s.set(1, joined(batch_of(x), inner, x.back()));
    })
    .body([](Args &a) {
      const auto result = at::qr(widened(a.in(0)), !a.b("full_matrices"));
      a.out(0, std::get<0>(result));
      a.out(1, std::get<1>(result));
    });

/* u and v are written only when they were asked for. */
EMU_OP(Svd)
    .input("x", kSolvable)
    .output("sigma", same_as("x"))
    .optional_output("u", same_as("x"))
    .optional_output("v", same_as("x"))
    .attr("compute_uv", true)
    .attr("full_matrices", false)
    .shapes([](Shapes &s) {
      const Dims x = matrices(s, 0);
      const int64_t rows = x[x.size() - 2];
      const int64_t least = std::min(rows, x.back());
      Dims sigma = batch_of(x);
      sigma.push_back(least);
      s.set(0, sigma);
      if (!s.b("compute_uv")) return;
      const bool full = s.b("full_matrices");
      s.set(1, joined(batch_of(x), rows, full ? rows : least));
      s.set(2, joined(batch_of(x), x.back(), full ? x.back() : least));
    })
    .body([](Args &a) {
      const auto result = at::svd(a.in(0), !a.b("full_matrices"), true);
      a.out(0, std::get<1>(result));
      if (!a.b("compute_uv")) return;
      a.out(1, std::get<0>(result));
      a.out(2, std::get<2>(result));
    });

EMU_OP(SelfAdjointEig)
    .input("x", kSolvable)
    .output("eigen_value", same_as("x"))
    .optional_output("eigen_vector", same_as("x"))
    .attr("compute_v", true)
    .shapes([](Shapes &s) {
      const Dims x = square(s, 0);
      s.set(0, Dims(x.begin(), x.end() - 1));
      s.set(1, x);
    })
    .body([](Args &a) {
      const auto result = at::linalg_eigh(a.in(0), "L");
      a.out(0, std::get<0>(result));
      if (a.b("compute_v")) a.out(1, std::get<1>(result));
    });

}  // namespace

}  // namespace ascend_emu
