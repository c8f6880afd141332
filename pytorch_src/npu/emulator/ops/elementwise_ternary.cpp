/* Operators of three tensors or of any number of them, element by element. */
#include "args.h"
#include "codes.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

/* A factor that is one element, whatever its number of dims. */
at::Tensor factor(const Args &a, int input) {
  const at::Tensor value = a.in(input);
  if (value.numel() != 1) {
    a.refuse(kAtRun, "input %s must have one element, it has %lld", a.input_name(input).c_str(),
             static_cast<long long>(value.numel()));
  }
  return value.reshape({});
}

EMU_OP(Addcmul)
    .input("input_data", kFloating | DtypeSet{ACL_INT8, ACL_INT32, ACL_UINT8, ACL_INT64})
    .input("x1", same_as("input_data"))
    .input("x2", same_as("input_data"))
    .input("value", same_as("input_data"))
    .output("y", same_as("input_data"))
    .in_float()
    .shapes(broadcast_of({0, 1, 2}))
    .body([](Args &a) {
      a.out(0, at::add(a.in(0), at::mul(at::mul(a.in(1), a.in(2)), factor(a, 3))));
    });

EMU_OP(Addcdiv)
    .input("input_data", kFloating)
    .input("x1", same_as("input_data"))
    .input("x2", same_as("input_data"))
    .input("value", kFloating | kIndex)
    .output("y", same_as("input_data"))
    .in_float()
    .shapes(broadcast_of({0, 1, 2}))
    .body([](Args &a) {
      a.out(0, at::add(a.in(0), at::mul(at::div(a.in(1), a.in(2)), factor(a, 3))));
    });

EMU_OP(Lerp)
    .input("start", kFloats)
    .input("end", same_as("start"))
    .input("weight", same_as("start"))
    .output("y", same_as("start"))
    .in_float()
    .shapes(broadcast)
    .body([](Args &a) {
      const at::Tensor start = a.in(0);
      a.out(0, at::add(start, at::mul(a.in(2), at::sub(a.in(1), start))));
    });

EMU_OP(FusedMulAdd)
    .input("x1", {ACL_FLOAT, ACL_FLOAT16, ACL_INT32})
    .input("x2", same_as("x1"))
    .input("x3", same_as("x1"))
    .output("y", same_as("x1"))
    .layouts(Layouts::kPrivate)
    .shapes(broadcast)
    .body([](Args &a) { a.out(0, at::add(at::mul(a.in(0), a.in(1)), a.in(2))); });

Defined clip(const char *op) {
  return Define(op)
      .input("x", kReal)
      .input("clip_value_min", same_as("x"))
      .input("clip_value_max", same_as("x"))
      .output("y", same_as("x"))
      .shapes(broadcast)
      .shapes(like(0))
      .body([](Args &a) { a.out(0, at::min(at::max(a.in(0), a.in(1)), a.in(2))); });
}

const Defined kClip[] __attribute__((unused)) = {clip("ClipByValue"), clip("ClipByValueV2")};

EMU_OP(SelectV2)
    .input("condition", ACL_BOOL)
    .input("then", kMovable)
    .input("else", same_as("then"))
    .output("result", same_as("then"))
    .shapes(broadcast)
    .body([](Args &a) { a.out(0, at::where(a.in(0), a.in(1), a.in(2))); });

/* The condition is as large as the choices, one element, or one element for each first index. */
void select_shapes(Shapes &shapes) {
  const Dims condition = shapes.dims(0), dims = shapes.dims(1);
  const bool rows = condition.size() == 1 && !dims.empty() && condition[0] == dims[0];
  if (dims != shapes.dims(2) || !(condition == dims || condition.empty() || rows)) {
    shapes.refuse(kAtCheck,
                  "x1 has shape %s, x2 %s and condition %s; x1 and x2 must be the same, condition "
                  "the same, one element, or one for each index of the first dim",
                  dims_text(dims).c_str(), dims_text(shapes.dims(2)).c_str(),
                  dims_text(condition).c_str());
  }
  shapes.set(0, dims);
}

EMU_OP(Select)
    .input("condition", ACL_BOOL)
    .input("x1", kMovable)
    .input("x2", same_as("x1"))
    .output("y", same_as("x1"))
    .shapes(select_shapes)
    .body([](Args &a) {
      at::Tensor condition = a.in(0);
      const at::Tensor x1 = a.in(1);
      if (condition.dim() == 1 && x1.dim() > 1) {
        Dims rows(static_cast<size_t>(x1.dim()), 1);
        rows[0] = condition.size(0);
        condition = condition.reshape(rows);
      }
      a.out(0, at::where(condition, x1, a.in(2)));
    });

/* [N] says how many tensors there are. */
void counted(Shapes &shapes) {
  if (shapes.i("N") == shapes.count(0)) return;
  shapes.refuse(kAttr, "attribute [N] is %lld, but there are %d tensors x",
                static_cast<long long>(shapes.i("N")), shapes.count(0));
}

Defined sum_of_many(const char *op) {
  return Define(op)
      .variadic_input("x", kNumber)
      .output("y", same_as("x"))
      .required_attr("N", EMU_ATTR_INT)
      .layouts(Layouts::kPrivate)
      .in_float()
      .shapes(counted)
      .shapes(all_alike)
      .body([](Args &a) {
        at::Tensor sum = a.in(0);
        for (int k = 1; k < a.count(0); ++k) sum = at::add(sum, a.in(0, k));
        a.out(0, sum);
      });
}

const Defined kSums[] __attribute__((unused)) = {sum_of_many("AddN"),
                                                 sum_of_many("AccumulateNV2")};

void check_eltwise(Shapes &shapes) {
  const int64_t mode = shapes.i("mode");
  if (mode < 0 || mode > 2) {
    shapes.refuse(kAttr, "attribute [mode] is %lld; 0 (product), 1 (sum) and 2 (max) are allowed",
                  static_cast<long long>(mode));
  }
  const size_t coeffs = shapes.floats("coeff").size();
  if (coeffs != 0 && coeffs != static_cast<size_t>(shapes.count(0))) {
    shapes.refuse(kAttr, "attribute [coeff] has %zu numbers for %d tensors x", coeffs,
                  shapes.count(0));
  }
}

EMU_OP(Eltwise)
    .variadic_input("x", kFloats)
    .output("y", same_as("x"))
    .required_attr("N", EMU_ATTR_INT)
    .attr("mode", 1)
    .attr("coeff", std::vector<double>{})
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(counted)
    .shapes(check_eltwise)
    .shapes(all_alike)
    .body([](Args &a) {
      const int64_t mode = a.i("mode");
      const std::vector<double> coeffs = mode == 1 ? a.floats("coeff") : std::vector<double>{};
      at::Tensor y;
      for (int k = 0; k < a.count(0); ++k) {
        at::Tensor x = a.in(0, k);
        if (!coeffs.empty()) x = at::mul(x, coeffs[static_cast<size_t>(k)]);
        y = k == 0 ? x : mode == 0 ? at::mul(y, x) : mode == 1 ? at::add(y, x) : at::max(y, x);
      }
      a.out(0, y);
    });

}  // namespace

}  // namespace ascend_emu
