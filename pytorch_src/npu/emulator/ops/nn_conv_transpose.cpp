/* Transposed convolution: the gradient of a convolution's input, used forward. */
#include "args.h"
#include "core/refusal.h"
#include "nn_conv_math.h"
#include "nn_layout.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr int64_t kMostStride = 63;

/* Where x is: operators named ...D have the result's size as an attribute, not as input 0. */
int x_input(const Call &call) { return call.prototype().attr("input_size") != nullptr ? 0 : 1; }

/* Refusal unless the extra size that the caller names is what the sizes say. */
void expect_output_padding(const Call &call, const ConvPlan &plan) {
  const Ints extra = spatial_attr(call, "output_padding", plan.x_axes, 0, kMostStride - 1, 0);
  for (size_t axis = 0; axis < extra.size(); ++axis) {
    const ConvGeometry &geometry = plan.geometry;
    const int64_t covered = (plan.y[2 + axis] - 1) * geometry.stride[axis] +
                            geometry.dilation[axis] * (plan.w[2 + axis] - 1) + 1 -
                            geometry.before[axis] - geometry.after[axis];
    const int64_t rest = plan.x[2 + axis] - covered;
    if (extra[axis] != 0 && extra[axis] != rest) {
      call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                  "attribute [output_padding] is %s, but input_size is %lld more than the windows "
                  "cover in axis %c",
                  dims_text(call.ints("output_padding")).c_str(), ll(rest),
                  spatial_axes(plan.x_axes)[axis]);
    }
  }
}

/* As of the convolution that this is the gradient of: its x is our y. */
ConvPlan transpose_plan(const Call &call) {
  const int x = x_input(call);
  const ConvSide from = conv_feature(call, x);
  ConvSide result{result_axes(call, 0, from.axes), {}};
  result.dims = conv_size(call, "input_size", 0, result.axes);
  const ConvPlan plan =
      plan_conv(call, result, conv_filter(call, x + 1, from.axes), from.axes, false);
  expect_conv_result(call, plan, x);
  if (plan.x_axes.size() == 4) spatial_attr(call, "dilations", plan.x_axes, 1, 1);
  expect_output_padding(call, plan);
  return plan;
}

void transpose_shapes(Shapes &shapes) {
  const int x = x_input(shapes);
  expect_conv_types(shapes, shapes.dtype(x), shapes.output_dtype(0));
  refuse_conv_offsets(shapes, x + 3);
  if (!conv_size_known(shapes, "input_size", 0)) return;
  const ConvPlan plan = transpose_plan(shapes);
  expect_conv_bias(shapes, plan.x[1], x + 2);
  shapes.set(0, reordered(plan.x, channels_first(plan.x_axes), plan.x_axes));
}

void transpose(Args &a) {
  const int x = x_input(a);
  const ConvPlan plan = transpose_plan(a);
  const std::string plain = channels_first(plan.x_axes);
  at::Tensor y = conv_input_grad(plan.x, in_order(a.in(x + 1), plan.w_axes, plain),
                                 in_order(a.in(x), plan.y_axes, plain), plan.geometry);
  if (a.has(x + 2)) {
    Dims shape(plan.x.size(), 1);
    shape[1] = plan.x[1];
    y = y + a.in(x + 2).to(y.scalar_type()).view(shape);
  }
  a.out(0, in_order(y, plain, plan.x_axes));
}

Define &&transpose_rest(Define &&define, size_t axes, DtypeSet types) {
  return std::move(define)
      .input("x", types)
      .input("filter", same_as("x"))
      .optional_input("bias", {ACL_FLOAT16, ACL_FLOAT, ACL_INT32})
      .optional_input("offset_w", ACL_INT8)
      .output("y", {ACL_FLOAT16, ACL_FLOAT, ACL_BF16, ACL_INT32})
      .required_attr("strides", EMU_ATTR_LIST_INT)
      .required_attr("pads", EMU_ATTR_LIST_INT)
      .attr("dilations", Ints(axes, 1))
      .attr("groups", 1)
      .attr("data_format", axes == 5 ? "NDHWC" : "NHWC")
      .one_of(axes == 5 ? std::vector<std::string>{"NCDHW", "NDHWC"}
                        : std::vector<std::string>{"NCHW", "NHWC"})
      .attr("output_padding", Ints(axes, 0))
      .attr("offset_x", 0)
      .layouts(Layouts::kPrivate)
      .shapes(transpose_shapes);
}

const bool defined __attribute__((unused)) = [] {
  const DtypeSet plane{ACL_FLOAT16, ACL_FLOAT, ACL_BF16, ACL_INT8};
  const DtypeSet deep{ACL_FLOAT16, ACL_BF16};
  transpose_rest(Define("Conv2DTranspose").input("input_size", kIndex), 4, plane).body(transpose);
  transpose_rest(Define("Conv3DTranspose").input("input_size", kIndex), 5, deep).body(transpose);
  transpose_rest(Define("Conv2DTransposeD").required_attr("input_size", EMU_ATTR_LIST_INT), 4,
                 plane.without(ACL_BF16))
      .body(transpose);
  transpose_rest(Define("Conv3DTransposeD").required_attr("input_size", EMU_ATTR_LIST_INT), 5,
                 deep)
      .body(transpose);
  return true;
}();

}  // namespace

}  // namespace ascend_emu
