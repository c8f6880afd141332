/* The logarithm of softmax, and gradients of both. */
#include "args.h"
#include "axes.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

/* The axes that softmax runs over, joined. */
Ints softmax_axes(const Call &call, const char *attr) {
  const std::string what = std::string("attribute [") + attr + "]";
  const Ints axes =
      normal_axes(call, call.ints(attr), call.dims(0).size(), NoAxes::kAll, what.c_str());
  return axes.empty() ? Ints{0} : axes; /* of a 0-dim tensor */
}

ShapeRule axes_exist(const char *attr) {
  return [attr](Shapes &shapes) { softmax_axes(shapes, attr); };
}

at::Tensor sum_over(const at::Tensor &t, const Ints &axes) {
  return t.dim() == 0 ? t : t.sum(axes, true);
}

EMU_OP(LogSoftmaxV2)
    .input("logits", kFloating)
    .output("logsoftmax", same_as("logits"))
    .attr("axes", Ints{-1})
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(axes_exist("axes"))
    .shapes(like(0))
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      const Ints axes = softmax_axes(a, "axes");
      a.out(0, axes.size() == 1 ? at::log_softmax(x, axes[0]) : x - at::logsumexp(x, axes, true));
    });

EMU_OP(SoftmaxGrad)
    .input("softmax", kFloats)
    .input("grad_softmax", same_as("softmax"))
    .output("grad_x", same_as("softmax"))
    .attr("axes", Ints{-1})
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(axes_exist("axes"))
    .shapes(all_alike)
    .body([](Args &a) {
      const at::Tensor y = a.in(0);
      const at::Tensor grad = a.in(1);
      a.out(0, y * (grad - sum_over(y * grad, softmax_axes(a, "axes"))));
    });

EMU_OP(LogSoftmaxGrad)
    .input("grad", kFloats)
    .input("x", same_as("grad"))
    .output("y", same_as("grad"))
    .attr("axis", Ints{-1})
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(axes_exist("axis"))
    .shapes(all_alike)
    .body([](Args &a) {
      const at::Tensor grad = a.in(0);
      a.out(0, grad - at::exp(a.in(1)) * sum_over(grad, softmax_axes(a, "axis")));
    });

EMU_OP(ConfusionSoftmaxGrad)
    .input("grad", kFloats)
    .input("x", same_as("grad"))
    .output("y", same_as("grad"))
    .layouts(Layouts::kPrivate)
    .in_float()
    .shapes(all_alike)
    .body([](Args &a) {
      const at::Tensor grad = a.in(0);
      a.out(0, grad - sum_over(grad * a.in(1), Ints{-1}));
    });

}  // namespace

}  // namespace ascend_emu
