/* Max pooling and its gradients. */
#include "args.h"
#include "codes.h"
#include "nn_layout.h"
#include "nn_pool_math.h"
#include "shapes.h"
#include "widen.h"

namespace ascend_emu {

namespace {

const std::vector<std::string> kPlaneFormats{"NHWC", "NCHW"};
const std::vector<std::string> kDeepFormats{"NDHWC", "NCDHW"};
const std::vector<std::string> kPaddings{"SAME", "VALID"};
const std::vector<std::string> kPaddingModes{"SAME", "VALID", "CALCULATED"};

/* Forward, of input 0. */
PoolPlan pool_plan(const Call &call) {
  return plan_pool(call, input_axes(call, 0), call.dims(0));
}

void pool_shapes(Shapes &shapes) {
  const PoolPlan plan = pool_plan(shapes);
  shapes.set(0, plan.out_dims(result_axes(shapes, 0, plan.axes)));
}

void pool(Args &a) {
  const PoolPlan plan = pool_plan(a);
  const MaxPooled pooled = max_pool(in_depth(a.in(0), plan.axes), plan.geometry);
  a.out(0, from_depth(pooled.values, result_axes(a, 0, plan.axes)));
}

/* Gradient with input, output and the output's gradient given. */
void grad_shapes(Shapes &shapes) {
  const PoolPlan plan = pool_plan(shapes);
  expect_pooled(shapes, plan, 1);
  expect_pooled(shapes, plan, 2);
  shapes.set(0, shapes.dims(0));
}

void grad(Args &a) {
  const PoolPlan plan = pool_plan(a);
  const MaxPooled pooled = max_pool(in_depth(a.in(0), plan.axes), plan.geometry);
  const at::Tensor given = in_depth(a.in(2), named_axes(a, a.format(2), plan.axes, "input grad"));
  a.out(0, from_depth(max_pool_grad(given, pooled.where, plan.in, plan.geometry), plan.axes));
}

Define &&plane_windows(Define &&define) {
  return std::move(define)
      .required_attr("ksize", EMU_ATTR_LIST_INT)
      .required_attr("strides", EMU_ATTR_LIST_INT)
      .layouts(Layouts::kPrivate);
}

Define &&calculated_windows(Define &&define) {
  return plane_windows(std::move(define))
      .attr("padding_mode", "CALCULATED")
      .one_of(kPaddingModes)
      .attr("pads", Ints{0, 0, 0, 0})
      .attr("data_format", "NCHW")
      .one_of(kPlaneFormats)
      .attr("global_pooling", false)
      .attr("ceil_mode", false);
}

/* TensorFlow's MaxPoolWithArgmax: indices into one sample of [H, W, C]. */
at::Tensor sample_indices(const at::Tensor &where, const PoolPlan &plan, int64_t width) {
  /* One channel without padding: the place in the block is the place in the sample. */
  const bool plain = plan.channels == 1 && width == plan.in[2] &&
                     plan.geometry.before[1] == 0 && plan.geometry.before[2] == 0;
  if (plain) return where;
  const at::Tensor row = where.floor_divide(width) - plan.geometry.before[1];
  const at::Tensor column = where.remainder(width) - plan.geometry.before[2];
  const at::Tensor channel =
      at::arange(plan.channels, where.options()).view({1, plan.channels, 1, 1, 1});
  return (row * plan.in[2] + column) * plan.channels + channel;
}

void argmax_shapes(Shapes &shapes) {
  const PoolPlan plan = pool_plan(shapes);
  shapes.set(0, plan.out_dims(plan.axes));
  shapes.set(1, plan.out_dims(plan.axes));
}

void pool_with_argmax(Args &a) {
  const PoolPlan plan = pool_plan(a);
  const MaxPooled pooled = max_pool(in_depth(a.in(0), plan.axes), plan.geometry);
  a.out(0, from_depth(pooled.values, plan.axes));
  a.out(1, from_depth(sample_indices(pooled.where, plan, pooled.block[2]), plan.axes));
}

void argmax_grad(Args &a) {
  const PoolPlan plan = pool_plan(a);
  const at::Tensor given = a.in(1);
  const at::Tensor indices = a.in(2).to(at::kLong).reshape({plan.batch, -1});
  const int64_t elements = plan.in[1] * plan.in[2] * plan.channels;
  if (indices.numel() != 0 &&
      (indices.min().item<int64_t>() < 0 || indices.max().item<int64_t>() >= elements)) {
    a.refuse(kAtRun,
             "input argmax has values from %lld to %lld; 0 to %lld are allowed",
             ll(indices.min().item<int64_t>()), ll(indices.max().item<int64_t>()),
             ll(elements - 1));
  }
  const at::Tensor wide = widened(given);
  at::Tensor spread = at::zeros({plan.batch, elements}, wide.options());
  spread.scatter_add_(1, indices, wide.reshape({plan.batch, -1}));
  a.out(0, spread.view(a.dims(0)));
}

const bool defined __attribute__((unused)) = [] {
  plane_windows(Define("MaxPool").input("x", kReal.without(ACL_BF16)))
      .output("y", same_as("x"))
      .required_attr("padding", EMU_ATTR_STRING)
      .one_of(kPaddings)
      .attr("data_format", "NHWC")
      .one_of(kPlaneFormats)
      .shapes(pool_shapes)
      .body(pool);
  calculated_windows(Define("MaxPoolV3").input("x", kReal))
      .output("y", same_as("x"))
      .shapes(pool_shapes)
      .body(pool);
  plane_windows(Define("MaxPool3D").input("x", kFloating))
      .output("y", same_as("x"))
      .required_attr("padding", EMU_ATTR_STRING)
      .one_of(kPaddingModes)
      .attr("pads", Ints{0, 0, 0, 0, 0, 0})
      .attr("dilation", Ints{1, 1, 1, 1, 1})
      .attr("ceil_mode", 0)
      .attr("data_format", "NDHWC")
      .one_of(kDeepFormats)
      .shapes(pool_shapes)
      .body(pool);
  plane_windows(Define("MaxPoolGrad").input("x1", kReal))
      .input("x2", same_as("x1"))
      .input("grad", same_as("x1"))
      .output("y", same_as("x1"))
      .required_attr("padding", EMU_ATTR_STRING)
      .one_of(kPaddings)
      .attr("data_format", "NHWC")
      .one_of(kPlaneFormats)
      .shapes(grad_shapes)
      .body(grad);
  calculated_windows(Define("MaxPoolV3Grad").input("orig_input", kReal))
      .input("orig_output", same_as("orig_input"))
      .input("grad", same_as("orig_input"))
      .output("out_grad", same_as("orig_input"))
      .shapes(grad_shapes)
      .body(grad);
  plane_windows(Define("MaxPool3DGrad").input("orig_x", kFloats))
      .input("orig_y", same_as("orig_x"))
      .input("grads", same_as("orig_x"))
      .output("y", kFloats)
      .attr("padding", "SAME")
      .one_of(kPaddingModes)
      .required_attr("pads", EMU_ATTR_LIST_INT)
      .attr("data_format", "NDHWC")
      .one_of(kDeepFormats)
      .shapes(grad_shapes)
      .body(grad);
  plane_windows(Define("MaxPoolWithArgmax").input("x", kReal).formats({ACL_FORMAT_NHWC}))
      .output("y", same_as("x"))
      .output("argmax", kIndex)
      .required_attr("padding", EMU_ATTR_STRING)
      .one_of(kPaddings)
      .attr("Targmax", 7)
      .shapes(argmax_shapes)
      .body(pool_with_argmax);
  plane_windows(Define("MaxPoolGradWithArgmax").input("x", kReal).formats({ACL_FORMAT_NHWC}))
      .input("grad", same_as("x"))
      .input("argmax", kIndex)
      .output("y", same_as("x"))
      .required_attr("padding", EMU_ATTR_STRING)
      .one_of(kPaddings)
      .shapes(grad_shapes)
      .body(argmax_grad);
  return true;
}();

}  // namespace

}  // namespace ascend_emu
