/* Operators that make one element of many: along axes, or of the whole tensor. */
#include <algorithm>

#include "args.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

/* Axes as an input (ReduceSum) or as an attribute (ReduceSumD). */
Ints axes_of(const Call &call) {
  return call.prototype().attr("axes") != nullptr ? call.ints("axes") : call.host_ints(1);
}

/* No axes mean all of them. */
Ints reduced_axes(Ints axes, int64_t ndim) {
  if (axes.empty()) {
    for (int64_t axis = 0; axis < ndim; ++axis) axes.push_back(axis);
  }
  return axes;
}

void reduce_shapes(Shapes &shapes) {
  const bool from_input = shapes.prototype().attr("axes") == nullptr;
  if (from_input && !shapes.value_known(1)) return;
  const Dims dims = shapes.dims(0);
  const Ints axes = reduced_axes(axes_of(shapes), static_cast<int64_t>(dims.size()));
  std::vector<bool> reduced(std::max<size_t>(dims.size(), 1));
  for (const int64_t axis : axes) {
    reduced[static_cast<size_t>(
        shapes.axis(axis, dims.size(), from_input ? "input axes" : "attribute [axes]"))] = true;
  }
  Dims left;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (!reduced[i]) left.push_back(dims[i]);
    if (reduced[i] && shapes.b("keep_dims")) left.push_back(1);
  }
  shapes.set(0, left);
}

EMU_OP(ReduceSum)
    .input("x", kNumber)
    .input("axes", kIndex)
    .output("y", same_as("x"))
    .attr("keep_dims", false)
    .shapes(reduce_shapes)
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const Ints axes = reduced_axes(a.host_ints(1), x.dim());
      a.out(0, at::sum(x, axes, a.b("keep_dims"), x.scalar_type()));
    });

}  // namespace

}  // namespace ascend_emu
