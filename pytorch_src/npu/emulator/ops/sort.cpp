/* Operators that order numbers. Equal numbers keep their order, so that indices are the same at
   every run; CANN promises that for some of them and leaves it open for the others. */
#include <algorithm>

#include "args.h"
#include "codes.h"
#include "index_rows.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

struct Sorted {
  at::Tensor values;
  at::Tensor indices;
};

Sorted sorted(const at::Tensor &x, int64_t axis, bool descending) {
  at::Tensor values, indices;
#if EMU_TORCH >= 109
  std::tie(values, indices) = at::sort(x, c10::optional<bool>(true), axis, descending);
#else
  std::tie(values, indices) = at::sort(x, axis, descending);
#endif
  return {values, indices};
}

Dims top_dims(const Call &call, int32_t code, int64_t k) {
  Dims dims = call.dims(0);
  const int64_t rank = static_cast<int64_t>(dims.size());
  const int64_t axis = call.i("dim") < 0 ? call.i("dim") + rank : call.i("dim");
  if (axis < 0 || axis >= rank || k < 0 || k > dims[static_cast<size_t>(axis)]) {
    call.refuse(code, "k is %lld and attribute [dim] %lld; a dim of x %s with at least k elements "
                "is expected", static_cast<long long>(k), static_cast<long long>(call.i("dim")),
                dims_text(dims).c_str());
  }
  dims[static_cast<size_t>(axis)] = k;
  return dims;
}

/* Not sorting what need not be sorted would save nothing here. */
void top(Args &a, int64_t k) {
  top_dims(a, kAtRun, k);
  const int64_t axis = a.i("dim");
  const Sorted all = sorted(a.in(0), axis, a.b("largest"));
  a.out(0, all.values.narrow(axis, 0, k));
  a.out(1, all.indices.narrow(axis, 0, k));
}

void top_shape(Shapes &s, const Dims &dims) {
  s.set(0, dims);
  s.set(1, dims);
}

void top_k_shape(Shapes &s) {
  if (s.value_known(1)) top_shape(s, top_dims(s, kAtCheck, one_int(s, 1)));
}

void top_k(Args &a) { top(a, one_int(a, 1)); }

EMU_OP(TopK)
    .input("x", kReal)
    .input("k", ACL_INT32)
    .output("values", same_as("x"))
    .output("indices", ACL_INT32)
    .attr("sorted", true)
    .attr("largest", true)
    .attr("dim", -1)
    .shapes(top_k_shape)
    .body(top_k);

EMU_OP(TopKV2)
    .input("x", kReal)
    .input("k", ACL_INT32)
    .output("values", same_as("x"))
    .output("indices", ACL_INT32)
    .attr("sorted", true)
    .attr("dim", -1)
    .attr("largest", true)
    .shapes(top_k_shape)
    .body(top_k);

/* assist_seq helps the kernels of the hardware to count in float16; it is not needed here. */
EMU_OP(TopKD)
    .input("x", kReal)
    .input("assist_seq", ACL_FLOAT16)
    .output("values", same_as("x"))
    .output("indices", ACL_INT32)
    .required_attr("k", EMU_ATTR_INT)
    .attr("sorted", true)
    .attr("dim", -1)
    .attr("largest", true)
    .shapes([](Shapes &s) { top_shape(s, top_dims(s, kAttr, s.i("k"))); })
    .body([](Args &a) { top(a, a.i("k")); });

EMU_OP(TopKV2D)
    .input("x", kReal)
    .input("k", ACL_INT32)
    .input("assist_seq", ACL_FLOAT16)
    .output("values", same_as("x"))
    .output("indices", ACL_INT32)
    .attr("sorted", true)
    .attr("dim", -1)
    .attr("largest", true)
    .shapes(top_k_shape)
    .body(top_k);

void sort_shape(Shapes &s) {
  s.axis(s.i("axis"), s.dims(0).size(), "attribute [axis]");
  s.set(0, s.dims(0));
  s.set(1, s.dims(0));
}

EMU_OP(Sort)
    .input("x", kFloats | kInts)
    .output("y1", same_as("x"))
    .output("y2", ACL_INT32)
    .attr("axis", -1)
    .attr("descending", false)
    .attr("stable", false)
    .shapes(sort_shape)
    .body([](Args &a) {
      const Sorted all = sorted(a.in(0), a.i("axis"), a.b("descending"));
      a.out(0, all.values);
      a.out(1, all.indices);
    });

EMU_OP(SortV2)
    .input("x", kFloating)
    .output("y", same_as("x"))
    .attr("axis", -1)
    .attr("descending", false)
    .shapes([](Shapes &s) {
      const int64_t axis = s.axis(s.i("axis"), s.dims(0).size(), "attribute [axis]");
      if (axis + 1 < static_cast<int64_t>(s.dims(0).size())) {
        s.refuse(kAttr, "attribute [axis] is %lld; it must be the last dim of x %s",
                 static_cast<long long>(s.i("axis")), dims_text(s.dims(0)).c_str());
      }
      s.set(0, s.dims(0));
    })
    .body([](Args &a) { a.out(0, sorted(a.in(0), -1, a.b("descending")).values); });

EMU_OP(NthElement)
    .input("x", kReal.without(ACL_BF16))
    .input("n", ACL_INT32)
    .output("y", same_as("x"))
    .attr("reverse", false)
    .shapes([](Shapes &s) {
      Dims dims = s.dims(0);
      if (dims.empty()) s.refuse(kAtCheck, "input x has no dims; at least one is expected");
      dims.pop_back();
      s.set(0, dims);
    })
    .body([](Args &a) {
      const int64_t n = one_int(a, 1);
      const at::Tensor x = a.in(0);
      if (n < 0 || n >= x.size(-1)) {
        a.refuse(kAtRun, "input n is %lld; 0 to %lld are allowed", static_cast<long long>(n),
                 static_cast<long long>(x.size(-1) - 1));
      }
      a.out(0, sorted(x, -1, a.b("reverse")).values.select(-1, n));
    });

/* Whether fewer than k classes have a higher score than the target's. False when that cannot be
   said: a target that is no class, a score that is not finite. */
at::Tensor in_top(Args &a, int64_t k) {
  const at::Tensor scores = a.in(0);
  const at::Tensor targets = a.in(1).to(at::kLong);
  const int64_t classes = scores.size(1);
  const at::Tensor known = targets.ge(0).logical_and(targets.lt(classes));
  if (classes == 0) return known;
  const at::Tensor safe = at::where(known, targets, at::zeros_like(targets));
  const at::Tensor score = scores.gather(1, safe.unsqueeze(1));
  const at::Tensor higher = scores.gt(score).sum(1);
  return higher.lt(k).logical_and(known).logical_and(at::isfinite(scores).all(1));
}

void in_top_shape(Shapes &s) {
  const Dims scores = s.dims(0);
  if (scores.size() != 2 || s.dims(1) != Dims{scores[0]}) {
    s.refuse(kAtCheck, "input %s has shape %s and %s %s; rows of scores, and one class for each "
             "row, are expected", s.input_name(0).c_str(), dims_text(scores).c_str(),
             s.input_name(1).c_str(), dims_text(s.dims(1)).c_str());
  }
  s.set(0, s.dims(1));
}

EMU_OP(InTopK)
    .input("x1", ACL_FLOAT)
    .input("x2", kIndex)
    .input("k", kIndex)
    .output("y", ACL_BOOL)
    .shapes(in_top_shape)
    .body([](Args &a) { a.out(0, in_top(a, one_int(a, 2))); });

EMU_OP(InTopKV2)
    .input("predictions", ACL_FLOAT)
    .input("targets", kIndex)
    .input("k", kIndex)
    .output("precision", ACL_BOOL)
    .shapes(in_top_shape)
    .body([](Args &a) { a.out(0, in_top(a, one_int(a, 2))); });

EMU_OP(InTopKD)
    .input("x1", ACL_FLOAT)
    .input("x2", kIndex)
    .output("y", ACL_BOOL)
    .required_attr("k", EMU_ATTR_INT)
    .shapes(in_top_shape)
    .body([](Args &a) { a.out(0, in_top(a, a.i("k"))); });

}  // namespace

}  // namespace ascend_emu
