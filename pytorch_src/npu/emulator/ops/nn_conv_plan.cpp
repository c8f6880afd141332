#include "nn_conv_plan.h"

#include "core/refusal.h"
#include "nn_layout.h"
#include "ops/types.h"

namespace ascend_emu {

namespace {

/* CANN's published limits. */
constexpr int64_t kMostStride = 63;
constexpr int64_t kMostDilation = 255;
constexpr int64_t kMostPad = 255;
constexpr int64_t kMostKernel = 255;

/* TensorFlow's filters go with channels last, Caffe's with channels first. */
std::string usual_filter(const std::string &x_axes) {
  return x_axes == channels_first(x_axes) ? x_axes : spatial_axes(x_axes) + "CN";
}

/* [before, after] of each axis, outermost first. */
void read_pads(const Call &call, size_t axes, ConvGeometry *geometry) {
  const Ints pads = call.ints("pads");
  if (pads.size() != 2 * axes) {
    call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                "attribute [pads] is %s; %zu values are expected, before and after each axis",
                dims_text(pads).c_str(), 2 * axes);
  }
  for (const int64_t pad : pads) {
    if (pad < 0 || pad > kMostPad) {
      call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH, "attribute [pads] is %s; 0 to %lld are allowed",
                  dims_text(pads).c_str(), ll(kMostPad));
    }
  }
  for (size_t axis = 0; axis < axes; ++axis) {
    geometry->before.push_back(pads[2 * axis]);
    geometry->after.push_back(pads[2 * axis + 1]);
  }
}

/* The filter as convolution computes it: [O, C / groups, ...]. */
void fit_channels(const Call &call, ConvPlan *plan) {
  const int64_t channels = plan->x[1];
  const std::string filter = dims_text(plan->w) + " (out, in, window)";
  if (plan->depthwise) {
    if (plan->w[1] != channels) {
      call.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                  "x has %lld channels, the filter is %s; its C must be that of x", ll(channels),
                  filter.c_str());
    }
    plan->geometry.groups = channels;
    plan->w[0] *= channels;
    plan->w[1] = 1;
    return;
  }
  const int64_t groups = call.i("groups");
  plan->geometry.groups = groups;
  if (groups < 1 || channels % groups != 0 || plan->w[0] % groups != 0) {
    call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                "attribute [groups] is %lld; it must divide the %lld channels of x and the %lld "
                "filters",
                ll(groups), ll(channels), ll(plan->w[0]));
  }
  if (plan->w[1] * groups != channels) {
    call.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                "x has %lld channels in %lld groups, the filter is %s; its C must be %lld",
                ll(channels), ll(groups), filter.c_str(), ll(channels / groups));
  }
}

void fit_window(const Call &call, ConvPlan *plan) {
  plan->y = {plan->x[0], plan->w[0]};
  const ConvGeometry &geometry = plan->geometry;
  for (size_t axis = 0; axis < geometry.stride.size(); ++axis) {
    const int64_t kernel = plan->w[2 + axis];
    if (kernel < 1 || kernel > kMostKernel) {
      call.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                  "the filter's window is %lld wide; 1 to %lld are allowed", ll(kernel),
                  ll(kMostKernel));
    }
    const int64_t reach = geometry.dilation[axis] * (kernel - 1) + 1;
    const int64_t room = plan->x[2 + axis] + geometry.before[axis] + geometry.after[axis];
    if (reach > room) {
      call.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                  "the filter reaches over %lld elements, x with its padding has only %lld",
                  ll(reach), ll(room));
    }
    plan->y.push_back((room - reach) / geometry.stride[axis] + 1);
  }
}

}  // namespace

ConvSide conv_feature(const Call &call, int input) {
  return {input_axes(call, input), call.dims(input)};
}

ConvSide conv_filter(const Call &call, int input, const std::string &x_axes) {
  const Dims dims = call.dims(input);
  if (dims.size() != x_axes.size()) {
    call.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH, "input %s has shape %s; %zu dims are expected",
                call.input_name(input).c_str(), dims_text(dims).c_str(), x_axes.size());
  }
  return {named_axes(call, call.format(input), usual_filter(x_axes),
                     "input " + call.input_name(input)),
          dims};
}

std::string conv_filter_result_axes(const Call &call, int output, const std::string &x_axes) {
  return result_axes(call, output, usual_filter(x_axes));
}

bool conv_size_known(const Call &call, const char *attr, int input) {
  return call.prototype().attr(attr) != nullptr || call.value_known(input);
}

Dims conv_size(const Call &call, const char *attr, int input, const std::string &axes) {
  const bool is_attr = call.prototype().attr(attr) != nullptr;
  const Dims dims = is_attr ? call.ints(attr) : call.host_ints(input);
  bool right = dims.size() == axes.size();
  for (const int64_t dim : dims) right = right && dim >= 0;
  if (!right) {
    call.refuse(is_attr ? ACL_ERROR_OP_ATTR_NOT_MATCH : ACL_ERROR_OP_INPUT_NOT_MATCH,
                "%s is %s; %zu dims are expected, in the order %s", attr, dims_text(dims).c_str(),
                axes.size(), axes.c_str());
  }
  return dims;
}

ConvPlan plan_conv(const Call &call, const ConvSide &x, const ConvSide &w,
                   const std::string &y_axes, bool depthwise) {
  const std::string plain = channels_first(x.axes);
  ConvPlan plan;
  plan.x_axes = x.axes;
  plan.w_axes = w.axes;
  plan.y_axes = y_axes;
  plan.depthwise = depthwise;
  plan.x = reordered(x.dims, x.axes, plain);
  plan.w = reordered(w.dims, w.axes, plain);
  plan.geometry.stride = spatial_attr(call, "strides", x.axes, 1, kMostStride);
  plan.geometry.dilation = spatial_attr(call, "dilations", x.axes, 1, kMostDilation);
  read_pads(call, spatial_axes(x.axes).size(), &plan.geometry);
  fit_channels(call, &plan);
  fit_window(call, &plan);
  return plan;
}

void expect_conv_result(const Call &call, const ConvPlan &plan, int input) {
  const ConvSide given = conv_feature(call, input);
  const Dims expected = reordered(plan.y, channels_first(given.axes), given.axes);
  if (given.dims != expected) {
    call.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                "input %s has shape %s; with these attributes %s is expected (%s)",
                call.input_name(input).c_str(), dims_text(given.dims).c_str(),
                dims_text(expected).c_str(), given.axes.c_str());
  }
}

void expect_conv_bias(const Call &call, int64_t channels, int input) {
  if (!call.has(input)) return;
  const Dims dims = call.dims(input);
  if (dims != Dims{channels}) {
    call.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                "input %s has shape %s; one value per output channel, [%lld], is expected",
                call.input_name(input).c_str(), dims_text(dims).c_str(), ll(channels));
  }
}

void refuse_conv_offsets(const Call &call, int offset_w) {
  if (call.has(offset_w)) {
    call.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                "input %s is reserved; pass an empty tensor description",
                call.input_name(offset_w).c_str());
  }
  if (call.i("offset_x") != 0) {
    call.refuse(ACL_ERROR_OP_ATTR_NOT_MATCH,
                "attribute [offset_x] is %lld; the emulator computes only 0 (no quantisation)",
                ll(call.i("offset_x")));
  }
}

void expect_conv_types(const Call &call, int32_t x, int32_t y) {
  if (y == ACL_DT_UNDEFINED) return; /* shapes are asked for before there is an output */
  const bool right = x == ACL_INT8      ? y == ACL_INT32
                     : x == ACL_FLOAT16 ? y == ACL_FLOAT16 || y == ACL_FLOAT
                     : x == ACL_BF16    ? y == ACL_BF16 || y == ACL_FLOAT
                                        : y == x;
  if (!right) {
    call.refuse(ACL_ERROR_UNSUPPORTED_DATA_TYPE,
                "%s gives no %s; float16 gives float16 or float, bfloat16 gives bfloat16 or "
                "float, float gives float, int8 gives int32",
                type_name(x).c_str(), type_name(y).c_str());
  }
}

}  // namespace ascend_emu
