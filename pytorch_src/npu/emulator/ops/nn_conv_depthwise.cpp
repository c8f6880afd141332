/* Depthwise convolution: the filter [H, W, C, K] makes K results of every channel. */
#include "args.h"
#include "nn_conv_math.h"
#include "nn_layout.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kDepthwiseTypes{ACL_FLOAT16, ACL_FLOAT, ACL_BF16, ACL_INT8};

Define &&depthwise_attrs(Define &&define) {
  return std::move(define)
      .required_attr("strides", EMU_ATTR_LIST_INT)
      .attr("dilations", Ints{1, 1, 1, 1})
      .required_attr("pads", EMU_ATTR_LIST_INT)
      .attr("data_format", "NHWC")
      .one_of({"NCHW", "NHWC"})
      .layouts(Layouts::kPrivate);
}

/* A filter as convolution in groups of one channel takes it: result c * K + k is of channel c. */
at::Tensor grouped_filter(const at::Tensor &filter, const ConvPlan &plan) {
  return in_order(filter, plan.w_axes, "CNHW").reshape(plan.w);
}

ConvPlan forward_plan(const Call &call) {
  const ConvSide x = conv_feature(call, 0);
  return plan_conv(call, x, conv_filter(call, 1, x.axes), result_axes(call, 0, x.axes), true);
}

void forward_shapes(Shapes &shapes) {
  expect_conv_types(shapes, shapes.dtype(0), shapes.output_dtype(0));
  refuse_conv_offsets(shapes, 3);
  const ConvPlan plan = forward_plan(shapes);
  expect_conv_bias(shapes, plan.y[1], 2);
  shapes.set(0, reordered(plan.y, "NCHW", plan.y_axes));
}

void forward(Args &a) {
  const ConvPlan plan = forward_plan(a);
  const at::Tensor y = conv_forward(in_order(a.in(0), plan.x_axes, "NCHW"),
                                    grouped_filter(a.in(1), plan), a.in_or_none(2), plan.geometry);
  a.out(0, in_order(y, "NCHW", plan.y_axes));
}

/* Operators named ...D have the size as an attribute, not as an input. */
int size_inputs(const Call &call, const char *attr) {
  return call.prototype().attr(attr) != nullptr ? 0 : 1;
}

ConvPlan input_grad_plan(const Call &call) {
  const int filter = size_inputs(call, "input_size");
  const ConvSide y = conv_feature(call, filter + 1);
  ConvSide x{result_axes(call, 0, y.axes), {}};
  x.dims = conv_size(call, "input_size", 0, x.axes);
  const ConvPlan plan = plan_conv(call, x, conv_filter(call, filter, y.axes), y.axes, true);
  expect_conv_result(call, plan, filter + 1);
  return plan;
}

void input_grad_shapes(Shapes &shapes) {
  if (!conv_size_known(shapes, "input_size", 0)) return;
  const ConvPlan plan = input_grad_plan(shapes);
  shapes.set(0, reordered(plan.x, "NCHW", plan.x_axes));
}

void input_grad(Args &a) {
  const ConvPlan plan = input_grad_plan(a);
  const int filter = size_inputs(a, "input_size");
  const at::Tensor x_grad =
      conv_input_grad(plan.x, grouped_filter(a.in(filter), plan),
                      in_order(a.in(filter + 1), plan.y_axes, "NCHW"), plan.geometry);
  a.out(0, in_order(x_grad, "NCHW", plan.x_axes));
}

ConvPlan filter_grad_plan(const Call &call, ConvSide *w) {
  const int grad = 1 + size_inputs(call, "filter_size");
  const ConvSide x = conv_feature(call, 0);
  w->axes = conv_filter_result_axes(call, 0, x.axes);
  w->dims = conv_size(call, "filter_size", 1, w->axes);
  const ConvPlan plan = plan_conv(call, x, *w, conv_feature(call, grad).axes, true);
  expect_conv_result(call, plan, grad);
  return plan;
}

void filter_grad_shapes(Shapes &shapes) {
  if (!conv_size_known(shapes, "filter_size", 1)) return;
  ConvSide w;
  filter_grad_plan(shapes, &w);
  shapes.set(0, w.dims);
}

void filter_grad(Args &a) {
  ConvSide w;
  const ConvPlan plan = filter_grad_plan(a, &w);
  const at::Tensor w_grad =
      conv_filter_grad(in_order(a.in(0), plan.x_axes, "NCHW"), plan.w,
                       in_order(a.in(1 + size_inputs(a, "filter_size")), plan.y_axes, "NCHW"),
                       plan.geometry);
  a.out(0, in_order(w_grad.reshape(reordered(w.dims, w.axes, "CNHW")), "CNHW", w.axes));
}

const bool defined __attribute__((unused)) = [] {
  depthwise_attrs(Define("DepthwiseConv2D"))
      .input("x", kDepthwiseTypes)
      .input("filter", same_as("x"))
      .optional_input("bias", {ACL_FLOAT16, ACL_FLOAT, ACL_BF16, ACL_INT32})
      .optional_input("offset_w", {ACL_FLOAT16, ACL_INT8})
      .output("y", {ACL_FLOAT16, ACL_FLOAT, ACL_BF16, ACL_INT32})
      .attr("offset_x", 0)
      .shapes(forward_shapes)
      .body(forward);
  depthwise_attrs(Define("DepthwiseConv2DBackpropInput"))
      .input("input_size", kIndex)
      .input("filter", ACL_FLOAT16)
      .input("out_backprop", ACL_FLOAT16)
      .output("input_grad", {ACL_FLOAT16, ACL_FLOAT})
      .shapes(input_grad_shapes)
      .body(input_grad);
  depthwise_attrs(Define("DepthwiseConv2DBackpropInputD"))
      .required_attr("input_size", EMU_ATTR_LIST_INT)
      .input("filter", ACL_FLOAT16)
      .input("out_backprop", ACL_FLOAT16)
      .output("input_grad", {ACL_FLOAT16, ACL_FLOAT})
      .shapes(input_grad_shapes)
      .body(input_grad);
  depthwise_attrs(Define("DepthwiseConv2DBackpropFilter"))
      .input("input", ACL_FLOAT16)
      .input("filter_size", kIndex)
      .input("out_backprop", ACL_FLOAT16)
      .output("filter_grad", ACL_FLOAT)
      .shapes(filter_grad_shapes)
      .body(filter_grad);
  depthwise_attrs(Define("DepthwiseConv2DBackpropFilterD"))
      .required_attr("filter_size", EMU_ATTR_LIST_INT)
      .input("input", kFloats)
      .input("out_backprop", same_as("input"))
      .output("filter_grad", ACL_FLOAT)
      .shapes(filter_grad_shapes)
      .body(filter_grad);
  return true;
}();

}  // namespace

}  // namespace ascend_emu
