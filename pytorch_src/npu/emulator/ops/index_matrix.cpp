/* Diagonals, triangles and bands of matrices. */
#include <algorithm>
#include <cstdlib>

#include "args.h"
#include "codes.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kBasic = kNumber | kWideUnsigned;
constexpr DtypeSet kTfDiag = kIndex | kComplex | ACL_FLOAT16 | ACL_FLOAT | ACL_DOUBLE;

Dims at_least(const Call &call, int input, size_t ndim) {
  const Dims dims = call.dims(input);
  if (dims.size() < ndim) {
    call.refuse(kAtCheck, "input %s has shape %s; at least %zu dims are expected",
                call.input_name(input).c_str(), dims_text(dims).c_str(), ndim);
  }
  return dims;
}

Dims at_most_vector(const Call &call) {
  const Dims dims = call.dims(0);
  if (dims.size() > 1) {
    call.refuse(kAtCheck, "input x has shape %s; at most one dim is expected",
                dims_text(dims).c_str());
  }
  return dims;
}

void matrix_shape(Shapes &s) { s.set(0, at_least(s, 0, 2)); }

/* A diagonal beyond the matrix is as good as the one next to it, and does not overflow. */
int64_t within(int64_t diagonal, const Dims &matrix) {
  const int64_t rows = matrix[matrix.size() - 2];
  return std::min(std::max(diagonal, -rows - 1), matrix.back() + 1);
}

EMU_OP(Tril)
    .input("x", kBasic)
    .output("y", same_as("x"))
    .attr("diagonal", 0)
    .shapes(matrix_shape)
    .body([](Args &a) { a.out(0, at::tril(a.in(0), within(a.i("diagonal"), a.dims(0)))); });

EMU_OP(Triu)
    .input("x", kBasic)
    .output("y", same_as("x"))
    .attr("diagonal", 0)
    .shapes(matrix_shape)
    .body([](Args &a) { a.out(0, at::triu(a.in(0), within(a.i("diagonal"), a.dims(0)))); });

EMU_OP(MatrixBandPart)
    .input("x", (kNumber | kBool | ACL_UINT16).without(ACL_BF16))
    .input("num_lower", kIndex)
    .input("num_upper", kIndex)
    .output("y", same_as("x"))
    .shapes(matrix_shape)
    .body([](Args &a) {
      at::Tensor y = a.in(0);
      const int64_t lower = one_int(a, 1);
      const int64_t upper = one_int(a, 2);
      /* A negative number keeps the whole triangle. */
      if (lower >= 0) y = at::triu(y, within(-lower, a.dims(0)));
      if (upper >= 0) y = at::tril(y, within(upper, a.dims(0)));
      a.out(0, y);
    });

/* TensorFlow's diag: a tensor of shape D makes one of shape D + D. */
EMU_OP(Diag)
    .input("x", kTfDiag)
    .output("y", same_as("x"))
    .shapes([](Shapes &s) {
      const Dims x = at_most_vector(s);
      s.set(0, x.empty() ? x : Dims{x[0], x[0]});
    })
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      a.out(0, x.dim() == 0 ? x : at::diag_embed(x));
    });

EMU_OP(DiagPart)
    .input("x", kTfDiag)
    .output("y", same_as("x"))
    .shapes([](Shapes &s) {
      const Dims x = s.dims(0);
      const size_t half = x.size() / 2;
      if (x.size() % 2 != 0 || !std::equal(x.begin(), x.begin() + half, x.begin() + half)) {
        s.refuse(kAtCheck, "input x has shape %s; the second half of its dims must equal the "
                 "first", dims_text(x).c_str());
      }
      s.set(0, Dims(x.begin(), x.begin() + half));
    })
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const Dims half(x.sizes().begin(), x.sizes().begin() + x.dim() / 2);
      int64_t side = 1;
      for (const int64_t dim : half) side *= dim;
      a.out(0, x.reshape({side, side}).diagonal().reshape(half));
    });

constexpr int64_t kFarthestDiagonal = int64_t{1} << 40;

/* torch.diag and torch.diagflat of a vector. */
void diagonal_shape(Shapes &s) {
  const Dims x = at_most_vector(s);
  const int64_t diagonal = s.i("diagonal");
  if (diagonal < -kFarthestDiagonal || diagonal > kFarthestDiagonal) {
    s.refuse(kAttr, "attribute [diagonal] is %lld; no matrix is that large",
             static_cast<long long>(diagonal));
  }
  const int64_t side = (x.empty() ? 1 : x[0]) + std::abs(diagonal);
  s.set(0, {side, side});
}

void diagonal_body(Args &a) {
  a.out(0, at::diag_embed(a.in(0).reshape({-1}), a.i("diagonal")));
}

EMU_OP(DiagV2)
    .input("x", kMovable)
    .output("y", same_as("x"))
    .attr("diagonal", 0)
    .shapes(diagonal_shape)
    .body(diagonal_body);

EMU_OP(DiagFlat)
    .input("x", kMovable.without(ACL_COMPLEX128))
    .output("y", same_as("x"))
    .attr("diagonal", 0)
    .shapes(diagonal_shape)
    .body(diagonal_body);

EMU_OP(MatrixDiag)
    .input("x", kBasic)
    .output("y", same_as("x"))
    .shapes([](Shapes &s) {
      Dims dims = at_least(s, 0, 1);
      dims.push_back(dims.back());
      s.set(0, dims);
    })
    .body([](Args &a) { a.out(0, at::diag_embed(a.in(0))); });

Dims diagonal_dims(const Dims &x) {
  Dims dims(x.begin(), x.end() - 1);
  dims.back() = std::min(x[x.size() - 2], x.back());
  return dims;
}

EMU_OP(MatrixDiagPart)
    .input("x", kBasic)
    .output("y", same_as("x"))
    .shapes([](Shapes &s) { s.set(0, diagonal_dims(at_least(s, 0, 2))); })
    .body([](Args &a) { a.out(0, at::diagonal(a.in(0), 0, -2, -1)); });

EMU_OP(MatrixSetDiag)
    .input("x", kBasic)
    .input("diagonal", same_as("x"))
    .output("y", same_as("x"))
    .shapes([](Shapes &s) {
      const Dims x = at_least(s, 0, 2);
      if (s.dims(1) != diagonal_dims(x)) {
        s.refuse(kAtCheck, "input diagonal has shape %s; %s is expected for x of shape %s",
                 dims_text(s.dims(1)).c_str(), dims_text(diagonal_dims(x)).c_str(),
                 dims_text(x).c_str());
      }
      s.set(0, x);
    })
    .body([](Args &a) {
      const at::Tensor y = a.in(0).clone();
      at::diagonal(y, 0, -2, -1).copy_(a.in(1));
      a.out(0, y);
    });

/* Along the main diagonal; with `wrap` a tall matrix goes on after a free row. */
EMU_OP(FillDiagonal)
    .input("x", kMovable)
    .output("y", same_as("x"))
    .required_attr("fill_value", EMU_ATTR_FLOAT)
    .attr("wrap", false)
    .shapes(matrix_shape)
    .body([](Args &a) {
      a.out(0, a.in(0).clone().fill_diagonal_(a.f("fill_value"), a.b("wrap")));
    });

Dims eye_dims(const Call &call) {
  const int64_t rows = call.i("num_rows");
  const int64_t columns = call.i("num_columns") == 0 ? rows : call.i("num_columns");
  Dims dims = call.ints("batch_shape");
  dims.push_back(rows);
  dims.push_back(columns);
  for (const int64_t dim : dims) {
    if (dim < 0) {
      call.refuse(kAttr, "the attributes give shape %s; no dim may be negative",
                  dims_text(dims).c_str());
    }
  }
  return dims;
}

EMU_OP(Eye)
    .output("y", kBasic)
    .required_attr("num_rows", EMU_ATTR_INT)
    .attr("num_columns", 0)
    .attr("batch_shape", Ints{})
    .attr("dtype", 0)
    .shapes([](Shapes &s) {
      /* CANN's attribute is a plain int that holds a data type. */
      if (s.i("dtype") != s.output_dtype(0)) {
        s.refuse(ACL_ERROR_OP_OUTPUT_NOT_MATCH, "output y has data type %d; attribute [dtype] "
                 "says %lld", s.output_dtype(0), static_cast<long long>(s.i("dtype")));
      }
      s.set(0, eye_dims(s));
    })
    .body([](Args &a) {
      const Dims dims = eye_dims(a);
      const at::Tensor one = at::eye(dims[dims.size() - 2], dims.back(),
                                     at::TensorOptions().dtype(a.out_type(0)));
      a.out(0, one.expand(dims));
    });

EMU_OP(Trace)
    .input("x", kMovable)
    .output("y", kComplex | kFloating | ACL_INT64 | ACL_UINT64)
    .in_float()
    .shapes([](Shapes &s) {
      if (s.dims(0).size() != 2) {
        s.refuse(kAtCheck, "input x has shape %s; two dims are expected",
                 dims_text(s.dims(0)).c_str());
      }
      s.set(0, {});
    })
    .body([](Args &a) { a.out(0, a.in(0).diagonal().sum()); });

}  // namespace

}  // namespace ascend_emu
