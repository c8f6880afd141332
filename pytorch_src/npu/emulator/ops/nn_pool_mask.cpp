/* Max pooling as MaxPoolWithArgmaxV1 and V2 have it: the argmax is a mask of bits.

   For every sample, channel and place in the window the mask has one bit per result, set where
   the result was found in that place: [N, C, kh * kw, ceil(results / 16) + 1], bit b of word w for
   result 16 * w + b. CANN publishes the shape and that it is a mask of windows laid out as for
   matrix multiplication, not the order of bits; only the operators of this file read it. */
#include "args.h"
#include "core/refusal.h"
#include "nn_layout.h"
#include "nn_pool_math.h"
#include "shapes.h"

namespace ascend_emu {

namespace {

constexpr int64_t kWordBits = 16;
constexpr int64_t kMostStride = 2048;

/* One of the two window axes of a list of four; V1 counts as NHWC does, V2 as NCHW. */
Axes3 window_pair(const Call &call, const char *attr, size_t first, int64_t low, int64_t high,
                  int64_t depth) {
  const Ints values = call.ints(attr);
  bool right = values.size() == 4;
  for (size_t i = first; right && i < first + 2; ++i) {
    right = values[i] >= low && values[i] <= high;
  }
  if (!right) {
    call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                "attribute [%s] is %s; 4 values are expected, of them number %zu and %zu for H and "
                "W from %lld to %lld",
                attr, dims_text(values).c_str(), first + 1, first + 2, ll(low), ll(high));
  }
  return {{depth, values[first], values[first + 1]}};
}

PoolPlan mask_plan(const Call &call) {
  const size_t first = call.prototype().name.back() == '1' ? 1 : 2;
  PoolPlan plan = feature_map(input_axes(call, 0), call.dims(0));
  PoolGeometry &geometry = plan.geometry;
  geometry.kernel = window_pair(call, "ksize", first, 1, 255, 1);
  geometry.stride = window_pair(call, "strides", first, 1, kMostStride, 1);
  geometry.dilation = window_pair(call, "dilation", first, 1, 255, 1);
  geometry.before = window_pair(call, "pads", first, 0, 255, 0);
  for (size_t axis = 1; axis < 3; ++axis) {
    if (geometry.before[axis] > geometry.kernel[axis] / 2) {
      call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                  "attribute [pads] is %s; at most half of the window is allowed, %lld and %lld",
                  dims_text(call.ints("pads")).c_str(), ll(geometry.kernel[1] / 2),
                  ll(geometry.kernel[2] / 2));
    }
  }
  geometry.after = geometry.before;
  geometry.ceil = call.b("ceil_mode");
  fit_windows(call, &plan);
  return plan;
}

Dims mask_dims(const PoolPlan &plan) {
  const int64_t results = plan.out[1] * plan.out[2];
  return {plan.batch, plan.channels, plan.geometry.kernel[1] * plan.geometry.kernel[2],
          (results + kWordBits - 1) / kWordBits + 1};
}

/* 1, 2, 4, ... for the bits of a word. */
at::Tensor bit_values() {
  std::vector<int64_t> values;
  for (int64_t bit = 0; bit < kWordBits; ++bit) values.push_back(int64_t{1} << bit);
  return at::tensor(values, at::TensorOptions().dtype(at::kLong));
}

/* Where each place of each window lies in the padded block: [places, results]. */
at::Tensor window_places(const PoolPlan &plan, const Axes3 &block) {
  const PoolGeometry &geometry = plan.geometry;
  const at::TensorOptions options = at::TensorOptions().dtype(at::kLong);
  const at::Tensor rows = (at::arange(geometry.kernel[1], options) * geometry.dilation[1])
                              .view({-1, 1, 1, 1}) +
                          (at::arange(plan.out[1], options) * geometry.stride[1]).view({-1, 1});
  const at::Tensor columns = (at::arange(geometry.kernel[2], options) * geometry.dilation[2])
                                 .view({1, -1, 1, 1}) +
                             at::arange(plan.out[2], options) * geometry.stride[2];
  return (rows * block[2] + columns).reshape({geometry.kernel[1] * geometry.kernel[2], -1});
}

at::Tensor to_mask(const MaxPooled &pooled, const PoolPlan &plan) {
  const Dims dims = mask_dims(plan);
  const at::Tensor found = pooled.where.reshape({plan.batch, plan.channels, 1, -1})
                               .eq(window_places(plan, pooled.block));
  const int64_t rest = dims[3] * kWordBits - found.size(3);
  const at::Tensor bits = at::constant_pad_nd(found.to(at::kLong), {0, rest}, 0);
  const at::Tensor words =
      bits.reshape({dims[0], dims[1], dims[2], dims[3], kWordBits}).mul(bit_values()).sum(-1);
  return words.to(at::kShort);
}

/* For each place of each window whether the mask has it: [N, C, places, results]. */
at::Tensor from_mask(const at::Tensor &mask, const PoolPlan &plan) {
  const Dims dims = mask_dims(plan);
  const at::Tensor words = mask.to(at::kLong).unsqueeze(-1);
  return words.__and__(bit_values())
      .ne(0)
      .reshape({dims[0], dims[1], dims[2], dims[3] * kWordBits})
      .narrow(3, 0, plan.out[1] * plan.out[2]);
}

void pool(Args &a) {
  const PoolPlan plan = mask_plan(a);
  const MaxPooled pooled = max_pool(in_depth(a.in(0), plan.axes), plan.geometry);
  a.out(0, from_depth(pooled.values, plan.axes));
  a.out(1, to_mask(pooled, plan));
}

void grad(Args &a) {
  const PoolPlan plan = mask_plan(a);
  const at::Tensor given =
      in_depth(a.in(1), named_axes(a, a.format(1), plan.axes, "input grad")).to(at::kFloat);
  const at::Tensor kept =
      given.reshape({plan.batch, plan.channels, 1, -1}) * from_mask(a.in(2), plan).to(at::kFloat);
  const Axes3 block = covered_block(plan.in, plan.geometry);
  const at::Tensor where = window_places(plan, block).expand(kept.sizes());
  /* As one result per place of each window. */
  const Dims flat{plan.batch, plan.channels, 1, 1, kept.size(2) * kept.size(3)};
  const at::Tensor spread =
      max_pool_grad(kept.reshape(flat), where.reshape(flat), plan.in, plan.geometry);
  a.out(0, from_depth(spread, plan.axes));
}

void pool_shapes(Shapes &shapes) {
  const PoolPlan plan = mask_plan(shapes);
  shapes.set(0, plan.out_dims(plan.axes));
  shapes.set(1, mask_dims(plan));
}

void grad_shapes(Shapes &shapes) {
  const PoolPlan plan = mask_plan(shapes);
  expect_pooled(shapes, plan, 1);
  if (shapes.dims(2) != mask_dims(plan)) {
    shapes.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                  "input argmax has shape %s; with these attributes %s is expected",
                  dims_text(shapes.dims(2)).c_str(), dims_text(mask_dims(plan)).c_str());
  }
  shapes.set(0, shapes.dims(0));
}

Define &&windows(Define &&define) {
  return std::move(define)
      .required_attr("ksize", EMU_ATTR_LIST_INT)
      .required_attr("strides", EMU_ATTR_LIST_INT)
      .required_attr("pads", EMU_ATTR_LIST_INT)
      .attr("dtype", 3)
      .attr("dilation", Ints{1, 1, 1, 1})
      .attr("ceil_mode", false)
      .layouts(Layouts::kPrivate);
}

void define(const std::string &version, DtypeSet types) {
  windows(Define(("MaxPoolWithArgmax" + version).c_str()).input("x", types))
      .output("y", same_as("x"))
      .output("argmax", ACL_UINT16)
      .shapes(pool_shapes)
      .body(pool);
  windows(Define(("MaxPoolGradWithArgmax" + version).c_str()).input("x", types))
      .input("grad", same_as("x"))
      .input("argmax", ACL_UINT16)
      .output("y", same_as("x"))
      .shapes(grad_shapes)
      .body(grad);
}

const bool defined __attribute__((unused)) = [] {
  define("V1", {ACL_FLOAT16, ACL_FLOAT});
  define("V2", ACL_FLOAT16);
  return true;
}();

}  // namespace

}  // namespace ascend_emu
