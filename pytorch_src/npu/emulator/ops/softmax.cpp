/* Softmax over one axis or several. */
#include "args.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

/* Softmax over several axes is softmax over one that they are joined to. */
at::Tensor softmax_over(const at::Tensor &x, const Ints &axes) {
  if (axes.size() == 1 || x.dim() == 0) return at::softmax(x, axes.empty() ? -1 : axes[0]);
  const at::Tensor shifted = at::exp(x - at::logsumexp(x, axes, /*keepdim=*/true));
  return shifted;
}

/* A softmax of half that gives float. */
void check_widening(Shapes &shapes) {
  const int32_t wanted = shapes.b("half_to_float") ? ACL_FLOAT : shapes.dtype(0);
  if (shapes.output_dtype(0) == wanted) return;
  shapes.refuse(ACL_ERROR_OP_OUTPUT_NOT_MATCH,
                "output y must have the data type of input x, or DT_FLOAT when half_to_float is "
                "true");
}

void check_axes(Shapes &shapes) {
  for (const int64_t axis : shapes.ints("axes")) {
    shapes.axis(axis, shapes.dims(0).size(), "attribute [axes]");
  }
}

EMU_OP(SoftmaxV2)
    .input("x", kFloating)
    .output("y", kFloating)
    .attr("axes", Ints{-1})
    .attr("half_to_float", false)
    .layouts(Layouts::kPrivate)
    .shapes(check_axes)
    .shapes(check_widening)
    .shapes(like(0))
    .body([](Args &a) {
      const at::Tensor x = a.in(0);
      a.out(0, softmax_over(a.b("half_to_float") ? x.to(at::kFloat) : x, a.ints("axes")));
    });

}  // namespace

}  // namespace ascend_emu
