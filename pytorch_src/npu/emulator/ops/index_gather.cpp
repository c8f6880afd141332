/* Operators that read at indices: Gather and its relatives. */
#include <algorithm>

#include "args.h"
#include "codes.h"
#include "index_rows.h"
#include "scalars.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

/* The slices of `x` along `axis` that `index` names, for each of the first `batch` dims. */
at::Tensor take(const at::Tensor &x, const at::Tensor &index, int64_t axis, int64_t batch) {
  if (batch == 0) {
    Dims dims(x.sizes().begin(), x.sizes().begin() + axis);
    dims.insert(dims.end(), index.sizes().begin(), index.sizes().end());
    dims.insert(dims.end(), x.sizes().begin() + axis + 1, x.sizes().end());
    return x.index_select(axis, index.reshape({-1})).reshape(dims);
  }
  std::vector<at::Tensor> parts;
  for (int64_t i = 0; i < x.size(0); ++i) {
    parts.push_back(take(x.select(0, i), index.select(0, i), axis - 1, batch - 1));
  }
  return at::stack(parts);
}

struct GatherAxis {
  int64_t axis;
  int64_t batch;
};

/* The two made to count from the front; refused when they do not fit the shapes. */
GatherAxis fitting(const Call &call, int32_t code, const Dims &x, const Dims &indices,
                   GatherAxis asked) {
  const int64_t rank = static_cast<int64_t>(x.size());
  const int64_t depth = static_cast<int64_t>(indices.size());
  GatherAxis got = asked;
  if (got.axis < 0) got.axis += rank;
  if (got.batch < 0) got.batch += depth;
  if (got.axis < 0 || got.axis >= rank) {
    call.refuse(code, "axis is %lld; -%lld to %lld are allowed for x of shape %s",
                static_cast<long long>(asked.axis), static_cast<long long>(rank),
                static_cast<long long>(rank - 1), dims_text(x).c_str());
  }
  if (got.batch < 0 || got.batch > depth || got.batch > got.axis ||
      !std::equal(x.begin(), x.begin() + got.batch, indices.begin())) {
    call.refuse(code, "attribute [batch_dims] is %lld; the first so many dims of x %s, all before "
                "the axis, and of indices %s must be equal",
                static_cast<long long>(asked.batch), dims_text(x).c_str(),
                dims_text(indices).c_str());
  }
  return got;
}

Dims gathered_dims(const Dims &x, const Dims &indices, GatherAxis at) {
  Dims dims(x.begin(), x.begin() + at.axis);
  dims.insert(dims.end(), indices.begin() + at.batch, indices.end());
  dims.insert(dims.end(), x.begin() + at.axis + 1, x.end());
  return dims;
}

void gather(Args &a, GatherAxis asked, bool negative) {
  const at::Tensor x = a.in(0);
  const GatherAxis at =
      fitting(a, kAtRun, a.dims(0), a.dims(1), asked);
  const int64_t size = x.size(at.axis);
  const at::Tensor index = negative ? wrapped_index(a, a.in(1), size, "indices")
                                    : checked_index(a, a.in(1), 0, size, "indices");
  a.out(0, take(x, index, at.axis, at.batch));
}

void gather_shape(Shapes &s, GatherAxis asked) {
  const GatherAxis at = fitting(s, kAtCheck, s.dims(0), s.dims(1), asked);
  s.set(0, gathered_dims(s.dims(0), s.dims(1), at));
}

EMU_OP(Gather)
    .input("x", kMovable)
    .input("indices", kIndex)
    .output("y", same_as("x"))
    .attr("validate_indices", true)
    .attr("batch_dims", 0)
    .attr("is_preprocessed", false)
    .attr("negative_index_support", false)
    .shapes([](Shapes &s) { gather_shape(s, {s.i("batch_dims"), s.i("batch_dims")}); })
    .body([](Args &a) {
      gather(a, {a.i("batch_dims"), a.i("batch_dims")}, a.b("negative_index_support"));
    });

EMU_OP(GatherV2)
    .input("x", kMovable)
    .input("indices", kIndex)
    .input("axis", kIndex)
    .output("y", same_as("x"))
    .attr("batch_dims", 0)
    .attr("is_preprocessed", false)
    .attr("negative_index_support", false)
    .shapes([](Shapes &s) {
      if (s.value_known(2)) gather_shape(s, {one_int(s, 2), s.i("batch_dims")});
    })
    .body([](Args &a) {
      gather(a, {one_int(a, 2), a.i("batch_dims")}, a.b("negative_index_support"));
    });

EMU_OP(GatherV2D)
    .input("x", {ACL_FLOAT, ACL_FLOAT16, ACL_INT32, ACL_UINT32, ACL_INT8, ACL_UINT8, ACL_INT16,
                 ACL_UINT16, ACL_INT64, ACL_UINT64})
    .input("indices", kIndex)
    .output("y", same_as("x"))
    .required_attr("axis", EMU_ATTR_INT)
    .shapes([](Shapes &s) { gather_shape(s, {s.i("axis"), 0}); })
    .body([](Args &a) { gather(a, {a.i("axis"), 0}, false); });

/* y[i][j] = x[index[i][j]][j] for dim 0, and so on. */
void gather_elements(Args &a, int64_t dim, int index_at) {
  const at::Tensor x = a.in(0);
  const int64_t axis = dim < 0 ? dim + x.dim() : dim;
  const int64_t size = x.dim() == 0 ? 1 : x.size(axis);
  a.out(0, x.gather(axis, checked_index(a, a.in(index_at), 0, size, "index")));
}

void gather_elements_shape(Shapes &s, int64_t dim, int index_at) {
  const Dims x = s.dims(0);
  const Dims index = s.dims(index_at);
  const size_t axis = static_cast<size_t>(s.axis(dim, x.size(), "dim"));
  bool fits = x.size() == index.size();
  for (size_t d = 0; fits && d < x.size(); ++d) fits = d == axis || index[d] <= x[d];
  if (!fits) {
    s.refuse(kAtCheck,
             "index %s must have as many dims as x %s, none larger except along dim %zu",
             dims_text(index).c_str(), dims_text(x).c_str(), axis);
  }
  s.set(0, index);
}

EMU_OP(GatherElements)
    .input("x", kMovable.without(kComplex | ACL_DOUBLE))
    .input("index", kIndex)
    .output("y", same_as("x"))
    .attr("dim", 0)
    .shapes([](Shapes &s) { gather_elements_shape(s, s.i("dim"), 1); })
    .body([](Args &a) { gather_elements(a, a.i("dim"), 1); });

/* The dim is both an input and an attribute in CANN; the input says. */
EMU_OP(GatherD)
    .input("x", kMovable.without(kComplex))
    .input("dim", kIndex)
    .input("index", kIndex)
    .output("y", same_as("x"))
    .attr("dim", 0)
    .shapes([](Shapes &s) {
      if (s.value_known(1)) gather_elements_shape(s, one_int(s, 1), 2);
    })
    .body([](Args &a) { gather_elements(a, one_int(a, 1), 2); });

EMU_OP(GatherNd)
    .input("x", kMovable)
    .input("indices", kIndex)
    .output("y", same_as("x"))
    .attr("negative_index_support", false)
    .shapes([](Shapes &s) {
      refuse_deep_points(s, 1, s.dims(0));
      s.set(0, dims_at_points(s.dims(0), s.dims(1)));
    })
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const at::Tensor rows = nd_rows(a, a.in(1), a.dims(0), a.b("negative_index_support"));
      a.out(0, as_rows(x, a.dims(1).back())
                   .index_select(0, rows)
                   .reshape(dims_at_points(a.dims(0), a.dims(1))));
    });

}  // namespace

}  // namespace ascend_emu
