/* Rows with one hot place, and the gradient of an embedding, which is their product. */
#include <algorithm>

#include "args.h"
#include "codes.h"
#include "index_rows.h"
#include "scalars.h"
#include "shapes.h"
#include "widen.h"

namespace ascend_emu {

namespace {

/* Rows of off_value with on_value at one place, or at none when x is no place of the row. */
Dims one_hot_dims(const Call &call, int32_t code, int64_t depth) {
  Dims dims = call.dims(0);
  const int64_t rank = static_cast<int64_t>(dims.size());
  const int64_t axis = call.i("axis") == -1 ? rank : call.i("axis");
  if (axis < 0 || axis > rank || depth < 0) {
    call.refuse(code, "depth is %lld and attribute [axis] %lld; a depth of 0 or more and an axis "
                "from -1 to %lld are expected", static_cast<long long>(depth),
                static_cast<long long>(call.i("axis")), static_cast<long long>(rank));
  }
  dims.insert(dims.begin() + axis, depth);
  return dims;
}

void one_hot(Args &a, int64_t depth, int on) {
  const Dims dims = one_hot_dims(a, kAtRun, depth);
  const int64_t rank = static_cast<int64_t>(dims.size());
  const int64_t axis = a.i("axis") == -1 ? rank - 1 : a.i("axis");
  Dims along(dims.size(), 1);
  along[static_cast<size_t>(axis)] = depth;
  const at::Tensor places = at::arange(depth, at::TensorOptions().dtype(at::kLong));
  const at::Tensor hot = a.in(0).to(at::kLong).unsqueeze(axis).eq(places.reshape(along));
  a.out(0, at::where(hot, a.in(on).reshape({}), a.in(on + 1).reshape({})));
}

EMU_OP(OneHot)
    .input("x", {ACL_UINT8, ACL_INT32, ACL_INT64})
    .input("depth", kIndex)
    .input("on_value", kNumber | kWideUnsigned)
    .input("off_value", same_as("on_value"))
    .output("y", same_as("on_value"))
    .attr("axis", -1)
    .shapes([](Shapes &s) {
      if (s.value_known(1)) s.set(0, one_hot_dims(s, kAtCheck, one_int(s, 1)));
    })
    .body([](Args &a) { one_hot(a, one_int(a, 1), 2); });

EMU_OP(OneHotD)
    .input("x", {ACL_UINT8, ACL_INT32})
    .input("on_value", {ACL_FLOAT16, ACL_FLOAT, ACL_INT32, ACL_UINT8, ACL_INT8})
    .input("off_value", same_as("on_value"))
    .output("y", same_as("on_value"))
    .required_attr("depth", EMU_ATTR_INT)
    .attr("axis", -1)
    .shapes([](Shapes &s) { s.set(0, one_hot_dims(s, kAttr, s.i("depth"))); })
    .body([](Args &a) { one_hot(a, a.i("depth"), 1); });

EMU_OP(EmbeddingDenseGrad)
    .input("grad", kFloats)
    .input("indices", kIndex)
    .output("y", same_as("grad"))
    .required_attr("num_weights", EMU_ATTR_INT)
    .attr("padding_idx", -1)
    .attr("scale_grad_by_freq", false)
    .shapes([](Shapes &s) {
      const Dims grad = s.dims(0);
      const Dims indices = s.dims(1);
      if (grad.size() != indices.size() + 1 ||
          !std::equal(indices.begin(), indices.end(), grad.begin())) {
        s.refuse(kAtCheck, "input grad has shape %s; the dims of indices %s and one more are "
                 "expected", dims_text(grad).c_str(), dims_text(indices).c_str());
      }
      s.set(0, {s.i("num_weights"), grad.back()});
    })
    .body([](Args &a) {
      const int64_t words = a.i("num_weights");
      const at::Tensor indices = checked_index(a, a.in(1), 0, words, "indices");
      a.out(0, at::embedding_dense_backward(widened(a.in(0)), indices, words,
                                            a.i("padding_idx"), a.b("scale_grad_by_freq")));
    });

}  // namespace

}  // namespace ascend_emu
