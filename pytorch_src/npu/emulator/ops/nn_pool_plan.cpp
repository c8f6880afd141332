#include "nn_pool_plan.h"

#include <algorithm>

#include "core/refusal.h"
#include "nn_layout.h"

namespace ascend_emu {

namespace {

constexpr int64_t kMost = 1 << 20; /* windows and strides beyond any that a device takes */

const char kDepthFirst[] = "DHW";

Axes3 in_three(const Ints &values, const std::string &spatial, int64_t otherwise) {
  Axes3 all{{otherwise, otherwise, otherwise}};
  for (size_t axis = 0; axis < 3; ++axis) {
    const size_t place = spatial.find(kDepthFirst[axis]);
    if (place != std::string::npos) all[axis] = values[place];
  }
  return all;
}

Axes3 window_attr(const Call &call, const char *attr, const std::string &axes) {
  const std::string spatial = spatial_axes(axes);
  Ints values = call.ints(attr);
  const bool short_form = axes.size() == 5 && (values.size() == 1 || values.size() == 3);
  if (!short_form) return in_three(spatial_attr(call, attr, axes, 1, kMost), spatial, 1);
  if (values.size() == 1) values.assign(3, values[0]);
  for (const int64_t value : values) {
    if (value < 1 || value > kMost) {
      call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH, "attribute [%s] is %s; 1 to %lld are allowed",
                  attr, dims_text(values).c_str(), ll(kMost));
    }
  }
  return in_three(values, spatial, 1);
}

void read_pads(const Call &call, const std::string &axes, PoolGeometry *geometry) {
  const std::string spatial = spatial_axes(axes);
  const Ints pads = call.ints("pads");
  bool right = pads.size() == 2 * spatial.size();
  for (const int64_t pad : pads) right = right && pad >= 0;
  if (!right) {
    call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                "attribute [pads] is %s; %zu values of 0 or more are expected, before and after "
                "each axis",
                dims_text(pads).c_str(), 2 * spatial.size());
  }
  Ints before, after;
  for (size_t axis = 0; axis < spatial.size(); ++axis) {
    before.push_back(pads[2 * axis]);
    after.push_back(pads[2 * axis + 1]);
  }
  geometry->before = in_three(before, spatial, 0);
  geometry->after = in_three(after, spatial, 0);
}

bool has_attr(const Call &call, const char *name) {
  return call.prototype().attr(name) != nullptr;
}

/* ceil_mode is a bool for most operators and an int for some. */
bool ceil_mode(const Call &call) {
  const AttrRule *rule = call.prototype().attr("ceil_mode");
  if (rule == nullptr) return false;
  return rule->kind == EMU_ATTR_BOOL ? call.b("ceil_mode") : call.i("ceil_mode") != 0;
}

std::string padding_mode(const Call &call) {
  if (has_attr(call, "padding")) return call.s("padding");
  return has_attr(call, "padding_mode") ? call.s("padding_mode") : "CALCULATED";
}

}  // namespace

int64_t window_reach(const PoolGeometry &geometry, size_t axis) {
  return geometry.dilation[axis] * (geometry.kernel[axis] - 1) + 1;
}

void pad_same(const Axes3 &in, PoolGeometry *geometry) {
  for (size_t axis = 0; axis < 3; ++axis) {
    const int64_t stride = geometry->stride[axis];
    const int64_t out = (in[axis] + stride - 1) / stride;
    const int64_t total =
        std::max<int64_t>((out - 1) * stride + window_reach(*geometry, axis) - in[axis], 0);
    geometry->before[axis] = total / 2;
    geometry->after[axis] = total - total / 2;
  }
}

int64_t pool_out_size(int64_t in, const PoolGeometry &geometry, size_t axis) {
  const int64_t stride = geometry.stride[axis];
  const int64_t rest =
      in + geometry.before[axis] + geometry.after[axis] - window_reach(geometry, axis);
  if (rest < 0) return 0;
  int64_t out = (rest + (geometry.ceil ? stride - 1 : 0)) / stride + 1;
  /* As in PyTorch, no window starts in the padding behind. */
  if (geometry.ceil && (out - 1) * stride >= in + geometry.before[axis]) --out;
  return out;
}

Dims PoolPlan::dims(const Axes3 &sizes, const std::string &order) const {
  return reordered({batch, channels, sizes[0], sizes[1], sizes[2]}, "NCDHW", order);
}

PoolPlan feature_map(const std::string &axes, const Dims &dims) {
  PoolPlan plan;
  plan.axes = axes;
  const Dims plain = reordered(dims, axes, channels_first(axes));
  plan.batch = plain[0];
  plan.channels = plain[1];
  plan.in = in_three(Dims(plain.begin() + 2, plain.end()), spatial_axes(axes), 1);
  plan.out = plan.in;
  return plan;
}

PoolPlan plan_pool(const Call &call, const std::string &axes, const Dims &dims) {
  PoolPlan plan = feature_map(axes, dims);
  PoolGeometry &geometry = plan.geometry;
  geometry.kernel = window_attr(call, "ksize", axes);
  geometry.stride = window_attr(call, "strides", axes);
  if (has_attr(call, "dilation")) geometry.dilation = window_attr(call, "dilation", axes);
  const std::string mode = padding_mode(call);
  if (has_attr(call, "global_pooling") && call.b("global_pooling")) {
    geometry.kernel = plan.in;
  } else if (mode == "SAME") {
    pad_same(plan.in, &geometry);
  } else if (mode == "CALCULATED") {
    read_pads(call, axes, &geometry);
    geometry.ceil = ceil_mode(call);
  }
  fit_windows(call, &plan);
  return plan;
}

void fit_windows(const Call &call, PoolPlan *plan) {
  const PoolGeometry &geometry = plan->geometry;
  for (size_t axis = 0; axis < 3; ++axis) {
    const int64_t reach = window_reach(geometry, axis);
    const char letter = kDepthFirst[axis];
    if (std::max(geometry.before[axis], geometry.after[axis]) >= reach) {
      call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                  "%lld elements of padding in axis %c, windows of %lld would lie in them alone; "
                  "less than that is allowed",
                  ll(std::max(geometry.before[axis], geometry.after[axis])), letter, ll(reach));
    }
    plan->out[axis] = pool_out_size(plan->in[axis], geometry, axis);
    if (plan->out[axis] < 1) {
      call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                  "windows of %lld do not fit into the %lld elements of axis %c with its padding",
                  ll(reach), ll(plan->in[axis]), letter);
    }
  }
}

void expect_pooled(const Call &call, const PoolPlan &plan, int input) {
  const Dims given = call.dims(input);
  const std::string order = named_axes(call, call.format(input), plan.axes,
                                       "input " + call.input_name(input));
  if (given != plan.out_dims(order)) {
    call.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                "input %s has shape %s; with these attributes %s is expected (%s)",
                call.input_name(input).c_str(), dims_text(given).c_str(),
                dims_text(plan.out_dims(order)).c_str(), order.c_str());
  }
}

}  // namespace ascend_emu
