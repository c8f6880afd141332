#include "nn_channel.h"

#include "core/refusal.h"
#include "layout_dims.h"
#include "nn_layout.h"

namespace ascend_emu {

namespace {

/* The dims of a feature map with 1 for all axes but C. */
Dims spread_dims(const Call &call, int feature) {
  Dims dims(call.dims(feature).size(), 1);
  dims[channel_axis(call, feature)] = channels_of(call, feature);
  return dims;
}

Dims declared_or_flat(const Call &call, int feature, int output) {
  const Dims spread = spread_dims(call, feature);
  return call.has_output(output) && call.output_dims(output) == spread
             ? spread
             : Dims{channels_of(call, feature)};
}

}  // namespace

size_t channel_axis(const Call &call, int input) {
  const size_t ndim = call.dims(input).size();
  const std::string axes = axis_letters(call.format(input));
  if (!axes.empty()) {
    return axes_of(call, call.format(input), ndim, "input " + call.input_name(input)).find('C');
  }
  if (ndim < 2) {
    call.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                "input %s has shape %s; [N, C, ...] with 2 dims or more is expected",
                call.input_name(input).c_str(), dims_text(call.dims(input)).c_str());
  }
  return 1;
}

int64_t channels_of(const Call &call, int input) {
  return call.dims(input)[channel_axis(call, input)];
}

int64_t channel_size(const Call &call, int input) {
  int64_t size = 1;
  for (const int64_t axis : other_axes(call, input)) {
    size *= call.dims(input)[static_cast<size_t>(axis)];
  }
  return size;
}

Ints other_axes(const Call &call, int input) {
  const size_t channel = channel_axis(call, input);
  Ints axes;
  for (size_t axis = 0; axis < call.dims(input).size(); ++axis) {
    if (axis != channel) axes.push_back(static_cast<int64_t>(axis));
  }
  return axes;
}

void expect_channel_values(const Call &call, int feature, int first, int last) {
  const int64_t channels = channels_of(call, feature);
  const Dims spread = spread_dims(call, feature);
  for (int input = first; input <= last; ++input) {
    if (!call.has(input)) continue;
    const Dims dims = call.dims(input);
    if (dims == Dims{channels} || dims == spread) continue;
    call.refuse(ACL_ERROR_OP_INPUT_NOT_MATCH,
                "input %s has shape %s; one value per channel of %s is expected, [%lld] or %s",
                call.input_name(input).c_str(), dims_text(dims).c_str(),
                call.input_name(feature).c_str(), ll(channels), dims_text(spread).c_str());
  }
}

void set_channel_values(Shapes &shapes, int feature, int first, int last) {
  for (int output = first; output <= last; ++output) {
    shapes.set(output, declared_or_flat(shapes, feature, output));
  }
}

at::Tensor channel_values(const Args &a, int feature, int input) {
  return widened(a.in(input)).reshape(spread_dims(a, feature));
}

void out_channel_values(Args &a, int feature, int output, const at::Tensor &values) {
  a.out(output, values.reshape(declared_or_flat(a, feature, output)));
}

}  // namespace ascend_emu
