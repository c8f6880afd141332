#include "nn_conv_math.h"

#include <algorithm>

#include "nn_layout.h"
#include "widen.h"

namespace ascend_emu {

namespace {

int64_t reach(int64_t kernel, const ConvGeometry &geometry, size_t axis) {
  return geometry.dilation[axis] * (kernel - 1) + 1;
}

/* The cube unit adds up in 32 bits whatever it multiplies, so half types are widened. */
at::Tensor computable(const at::Tensor &t) {
  return t.is_floating_point() ? widened(t) : t.to(at::kDouble);
}

at::Tensor padded(const at::Tensor &x, const ConvGeometry &geometry) {
  Dims pad;
  for (size_t axis = geometry.before.size(); axis-- > 0;) {
    pad.push_back(geometry.before[axis]);
    pad.push_back(geometry.after[axis]);
  }
  return at::constant_pad_nd(x, pad, 0);
}

}  // namespace

at::Tensor in_order(const at::Tensor &t, const std::string &from, const std::string &to) {
  return t.permute(axis_order(from, to));
}

at::Tensor conv_forward(const at::Tensor &x, const at::Tensor &w, const at::Tensor &bias,
                        const ConvGeometry &geometry) {
  const Dims none(geometry.stride.size(), 0);
  const at::Tensor wide_x = computable(x);
  const at::Tensor wide_bias = bias.defined() ? bias.to(wide_x.scalar_type()) : bias;
  const bool even = geometry.before == geometry.after;
  return at::convolution(even ? wide_x : padded(wide_x, geometry), computable(w), wide_bias,
                         geometry.stride, even ? geometry.before : none, geometry.dilation, false,
                         none, geometry.groups);
}

at::Tensor conv_input_grad(const Dims &x_size, const at::Tensor &w,
                           const at::Tensor &grad, const ConvGeometry &geometry) {
  /* The gradient of the padded input, from which the padding is then cut: that way padding may
     differ on the two sides. */
  const size_t axes = geometry.stride.size();
  const Dims none(axes, 0);
  Dims beyond(axes);
  bool even = true; /* then convolution cuts it by itself */
  for (size_t axis = 0; axis < axes; ++axis) {
    const int64_t room = x_size[2 + axis] + geometry.before[axis] + geometry.after[axis];
    const int64_t used = (grad.size(2 + axis) - 1) * geometry.stride[axis] +
                         reach(w.size(2 + axis), geometry, axis);
    beyond[axis] = room - used;
    even = even && geometry.before[axis] == geometry.after[axis] &&
           beyond[axis] < std::max(geometry.stride[axis], geometry.dilation[axis]);
  }
  if (even) {
    return at::convolution(computable(grad), computable(w), at::Tensor(), geometry.stride,
                           geometry.before, geometry.dilation, true, beyond, geometry.groups);
  }
  at::Tensor x_grad =
      at::convolution(computable(grad), computable(w), at::Tensor(), geometry.stride, none,
                      geometry.dilation, true, none, geometry.groups);
  Dims pad;
  for (size_t axis = axes; axis-- > 0;) {
    pad.push_back(-geometry.before[axis]);
    pad.push_back(beyond[axis] - geometry.after[axis]);
  }
  return at::constant_pad_nd(x_grad, pad, 0);
}

at::Tensor conv_filter_grad(const at::Tensor &x, const Dims &w_size,
                            const at::Tensor &grad, const ConvGeometry &geometry) {
#if EMU_TORCH >= 111
  const bool even = geometry.before == geometry.after;
  const at::Tensor room = even ? computable(x) : padded(computable(x), geometry);
  const Dims none(geometry.stride.size(), 0);
  return std::get<1>(at::convolution_backward(
      computable(grad), room, at::empty(w_size, room.options()), c10::nullopt, geometry.stride,
      even ? geometry.before : none, geometry.dilation, false, none, geometry.groups,
      {false, true, false}));
#else
  /* Windows of x against grad, one matrix product per sample and group: plain enough for every
     torch before, where the gradients of convolution have changed names several times. */
  const int64_t groups = geometry.groups;
  const int64_t axes = static_cast<int64_t>(geometry.stride.size());
  const int64_t outputs = w_size[0];
  at::Tensor windows = padded(computable(x), geometry);
  for (int64_t axis = 0; axis < axes; ++axis) {
    windows = windows.unfold(2 + axis, reach(w_size[2 + axis], geometry, axis),
                             geometry.stride[axis]);
    windows = windows.slice(-1, 0, windows.size(-1), geometry.dilation[axis]);
  }
  /* [N, C, out..., kernel...] -> [N, C, kernel..., out...] */
  Dims order{0, 1};
  for (int64_t axis = 0; axis < axes; ++axis) order.push_back(2 + axes + axis);
  for (int64_t axis = 0; axis < axes; ++axis) order.push_back(2 + axis);
  windows = windows.permute(order);
  const at::Tensor wide = computable(grad);
  int64_t rows = w_size[1];
  int64_t positions = 1;
  for (int64_t axis = 0; axis < axes; ++axis) {
    rows *= w_size[2 + axis];
    positions *= grad.size(2 + axis);
  }
  at::Tensor sum = at::zeros({groups, outputs / groups, rows}, wide.options());
  for (int64_t n = 0; n < x.size(0); ++n) {
    const at::Tensor columns = windows.select(0, n).reshape({groups, rows, positions});
    sum.baddbmm_(wide.select(0, n).reshape({groups, outputs / groups, positions}),
                 columns.transpose(1, 2));
  }
  return sum.reshape(w_size);
#endif
}

}  // namespace ascend_emu
