/* Convolution in two and three dimensions and its gradients. */
#include "args.h"
#include "nn_conv_math.h"
#include "nn_layout.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr DtypeSet kConvTypes{ACL_FLOAT16, ACL_FLOAT, ACL_BF16, ACL_INT8};
constexpr DtypeSet kBiasTypes{ACL_FLOAT16, ACL_FLOAT, ACL_BF16, ACL_INT32};
constexpr DtypeSet kConvResults{ACL_FLOAT16, ACL_FLOAT, ACL_BF16, ACL_INT32};
constexpr DtypeSet kGradResults{ACL_FLOAT16, ACL_FLOAT, ACL_DOUBLE};

/* The attributes that all of them have, for `axes` axes. */
Define &&conv_attrs(Define &&define, size_t axes) {
  return std::move(define)
      .required_attr("strides", EMU_ATTR_LIST_INT)
      .required_attr("pads", EMU_ATTR_LIST_INT)
      .attr("dilations", Ints(axes, 1))
      .attr("groups", 1)
      .attr("data_format", axes == 5 ? "NDHWC" : "NHWC")
      .one_of(axes == 5 ? std::vector<std::string>{"NCDHW", "NDHWC"}
                        : std::vector<std::string>{"NCHW", "NHWC"})
      .layouts(Layouts::kPrivate);
}

/* Forward: x 0, filter 1, bias 2, offset_w 3. */
ConvPlan forward_plan(const Call &call) {
  const ConvSide x = conv_feature(call, 0);
  return plan_conv(call, x, conv_filter(call, 1, x.axes), result_axes(call, 0, x.axes),
                   false);
}

void forward_shapes(Shapes &shapes) {
  expect_conv_types(shapes, shapes.dtype(0), shapes.output_dtype(0));
  refuse_conv_offsets(shapes, 3);
  const ConvPlan plan = forward_plan(shapes);
  expect_conv_bias(shapes, plan.y[1], 2);
  shapes.set(0, reordered(plan.y, channels_first(plan.y_axes), plan.y_axes));
}

void forward(Args &a) {
  const ConvPlan plan = forward_plan(a);
  const std::string plain = channels_first(plan.x_axes);
  const at::Tensor y = conv_forward(in_order(a.in(0), plan.x_axes, plain),
                                    in_order(a.in(1), plan.w_axes, plain),
                                    a.in_or_none(2), plan.geometry);
  a.out(0, in_order(y, plain, plan.y_axes));
}

/* Gradient of the input; operators named ...D have its size as an attribute, not as input 0. */
int size_inputs(const Call &call) {
  const Prototype &prototype = call.prototype();
  return prototype.attr("input_size") != nullptr || prototype.attr("filter_size") != nullptr ? 0
                                                                                            : 1;
}

ConvPlan input_grad_plan(const Call &call) {
  const int filter = size_inputs(call);
  const ConvSide y = conv_feature(call, filter + 1);
  ConvSide x{result_axes(call, 0, y.axes), {}};
  x.dims = conv_size(call, "input_size", 0, x.axes);
  const ConvPlan plan = plan_conv(call, x, conv_filter(call, filter, y.axes), y.axes, false);
  expect_conv_result(call, plan, filter + 1);
  return plan;
}

void input_grad_shapes(Shapes &shapes) {
  if (!conv_size_known(shapes, "input_size", 0)) return;
  const ConvPlan plan = input_grad_plan(shapes);
  shapes.set(0, reordered(plan.x, channels_first(plan.x_axes), plan.x_axes));
}

void input_grad(Args &a) {
  const ConvPlan plan = input_grad_plan(a);
  const int filter = size_inputs(a);
  const std::string plain = channels_first(plan.x_axes);
  const at::Tensor x_grad =
      conv_input_grad(plan.x, in_order(a.in(filter), plan.w_axes, plain),
                      in_order(a.in(filter + 1), plan.y_axes, plain), plan.geometry);
  a.out(0, in_order(x_grad, plain, plan.x_axes));
}

/* Gradient of the filter: x 0, then its size unless that is an attribute, then the gradient. */
ConvPlan filter_grad_plan(const Call &call) {
  const int grad = 1 + size_inputs(call);
  const ConvSide x = conv_feature(call, 0);
  ConvSide w{conv_filter_result_axes(call, 0, x.axes), {}};
  w.dims = conv_size(call, "filter_size", 1, w.axes);
  const ConvPlan plan = plan_conv(call, x, w, conv_feature(call, grad).axes, false);
  expect_conv_result(call, plan, grad);
  return plan;
}

void filter_grad_shapes(Shapes &shapes) {
  if (!conv_size_known(shapes, "filter_size", 1)) return;
  const ConvPlan plan = filter_grad_plan(shapes);
  shapes.set(0, reordered(plan.w, channels_first(plan.w_axes), plan.w_axes));
}

void filter_grad(Args &a) {
  const ConvPlan plan = filter_grad_plan(a);
  const std::string plain = channels_first(plan.x_axes);
  const at::Tensor w_grad =
      conv_filter_grad(in_order(a.in(0), plan.x_axes, plain), plan.w,
                       in_order(a.in(1 + size_inputs(a)), plan.y_axes, plain), plan.geometry);
  a.out(0, in_order(w_grad, plain, plan.w_axes));
}

void define_forward(const char *op, size_t axes, DtypeSet types) {
  conv_attrs(Define(op), axes)
      .input("x", types)
      .input("filter", same_as("x"))
      .optional_input("bias", kBiasTypes)
      .optional_input("offset_w", ACL_INT8)
      .output("y", kConvResults)
      .attr("offset_x", 0)
      .shapes(forward_shapes)
      .body(forward);
}

void define_input_grad(const char *op, size_t axes, DtypeSet sizes, DtypeSet types) {
  conv_attrs(Define(op), axes)
      .input("input_size", sizes)
      .input("filter", types)
      .input("out_backprop", same_as("filter"))
      .output("y", same_as("filter"))
      .shapes(input_grad_shapes)
      .body(input_grad);
}

void define_input_grad_d(const char *op, size_t axes, DtypeSet types) {
  conv_attrs(Define(op), axes)
      .required_attr("input_size", EMU_ATTR_LIST_INT)
      .input("filter", types)
      .input("out_backprop", same_as("filter"))
      .output("y", kConvResults)
      .shapes([](Shapes &shapes) {
        expect_conv_types(shapes, shapes.dtype(0), shapes.output_dtype(0));
      })
      .shapes(input_grad_shapes)
      .body(input_grad);
}

void define_filter_grad(const char *op, size_t axes) {
  conv_attrs(Define(op), axes)
      .input("x", kFloating)
      .input("filter_size", ACL_INT32)
      .input("out_backprop", same_as("x"))
      .output("y", kGradResults)
      .shapes(filter_grad_shapes)
      .body(filter_grad);
}

void define_filter_grad_d(const char *op, size_t axes) {
  conv_attrs(Define(op), axes)
      .required_attr("filter_size", EMU_ATTR_LIST_INT)
      .input("x", {ACL_FLOAT16, ACL_BF16})
      .input("out_backprop", same_as("x"))
      .output("y", ACL_FLOAT)
      .shapes(filter_grad_shapes)
      .body(filter_grad);
}

const bool defined __attribute__((unused)) = [] {
  define_forward("Conv2D", 4, kConvTypes);
  define_forward("Conv3D", 5, kConvTypes.without(ACL_FLOAT));
  define_input_grad("Conv2DBackpropInput", 4, ACL_INT32, kFloating);
  define_input_grad("Conv3DBackpropInput", 5, kIndex, kFloats);
  define_input_grad_d("Conv2DBackpropInputD", 4, kConvTypes.without(ACL_FLOAT));
  define_input_grad_d("Conv3DBackpropInputD", 5, {ACL_FLOAT16, ACL_BF16});
  define_filter_grad("Conv2DBackpropFilter", 4);
  define_filter_grad("Conv3DBackpropFilter", 5);
  define_filter_grad_d("Conv2DBackpropFilterD", 4);
  define_filter_grad_d("Conv3DBackpropFilterD", 5);
  return true;
}();

}  // namespace

}  // namespace ascend_emu
