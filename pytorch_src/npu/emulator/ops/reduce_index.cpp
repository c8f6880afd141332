/* The index of the largest or smallest element along an axis. */
#include "args.h"
#include "axes.h"
#include "scalars.h"

namespace ascend_emu {

namespace {

enum class Which { kLargest, kSmallest };

/* The first one when there are several. */
at::Tensor index_of(const at::Tensor &x, Which which, int64_t axis, bool keep) {
  return which == Which::kLargest ? at::argmax(x, axis, keep) : at::argmin(x, axis, keep);
}

bool axis_is_input(const Call &call) { return call.prototype().attr("dimension") == nullptr; }

int64_t axis_of(const Call &call) {
  const bool input = axis_is_input(call);
  return normal_axis(call, input ? one_int(call, 1) : call.i("dimension"), call.dims(0).size(),
                     input ? "input dimension" : "attribute [dimension]");
}

void without_axis(Shapes &shapes) {
  if (axis_is_input(shapes) && !shapes.value_known(1)) return;
  const bool keep = shapes.prototype().attr("keep_dims") != nullptr && shapes.b("keep_dims");
  const int outputs = static_cast<int>(shapes.prototype().outputs.size());
  for (int o = 0; o < outputs; ++o) {
    shapes.set(o, reduced_dims(shapes.dims(0), {axis_of(shapes)}, keep));
  }
}

Body index_body(Which which) {
  return [which](Args &a) { a.out(0, index_of(a.in(0), which, axis_of(a), false)); };
}

Defined arg(const char *op, Which which) {
  return Define(op)
      .input("x", kReal)
      .input("dimension", kIndex)
      .output("y", type_from("dtype"))
      .attr("dtype", ACL_INT64)
      .shapes(without_axis)
      .body(index_body(which));
}

/* The output is INT32 whatever the attribute says. */
Defined arg_d(const char *op, Which which) {
  return Define(op)
      .input("x", {ACL_FLOAT, ACL_FLOAT16})
      .output("y", ACL_INT32)
      .required_attr("dimension", EMU_ATTR_INT)
      .attr("dtype", ACL_INT64)
      .shapes(without_axis)
      .body(index_body(which));
}

Defined arg_with_value(const char *op, Which which) {
  return Define(op)
      .input("x", kFloats | kIndex)
      .output("indice", kIndex)
      .output("values", same_as("x"))
      .required_attr("dimension", EMU_ATTR_INT)
      .attr("keep_dims", false)
      .shapes(without_axis)
      .body([which](Args &a) {
        const at::Tensor x = a.in(0);
        const int64_t axis = axis_of(a);
        const at::Tensor index = index_of(x, which, axis, true);
        const at::Tensor value = x.dim() == 0 ? x : at::gather(x, axis, index);
        const bool squeeze = !a.b("keep_dims") && x.dim() != 0;
        a.out(0, squeeze ? index.squeeze(axis) : index);
        a.out(1, squeeze ? value.squeeze(axis) : value);
      });
}

const Defined kArgs[] __attribute__((unused)) = {
    arg("ArgMaxV2", Which::kLargest),
    arg("ArgMin", Which::kSmallest),
    arg_d("ArgMaxD", Which::kLargest),
    arg_d("ArgMinD", Which::kSmallest),
    arg_with_value("ArgMaxWithValue", Which::kLargest),
    arg_with_value("ArgMinWithValue", Which::kSmallest),
};

}  // namespace

}  // namespace ascend_emu
