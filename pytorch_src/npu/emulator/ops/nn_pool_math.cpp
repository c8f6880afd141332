#include "nn_pool_math.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "nn_layout.h"
#include "widen.h"

namespace ascend_emu {

namespace {

Axes3 sizes_of(const at::Tensor &x) { return {{x.size(2), x.size(3), x.size(4)}}; }

/* Pads, or cuts what no window reaches; `sign` -1 undoes it. */
at::Tensor fitted(const at::Tensor &x, const Axes3 &in, const Axes3 &block,
                  const PoolGeometry &geometry, const at::Scalar &fill, int sign) {
  std::vector<int64_t> pad;
  for (size_t axis = 3; axis-- > 0;) {
    pad.push_back(sign * geometry.before[axis]);
    pad.push_back(sign * (block[axis] - in[axis] - geometry.before[axis]));
  }
  return at::constant_pad_nd(x, pad, fill);
}

at::Scalar lowest(at::ScalarType type) {
  switch (type) {
    case at::kByte: return at::Scalar(0);
    case at::kChar: return at::Scalar(std::numeric_limits<int8_t>::lowest());
    case at::kShort: return at::Scalar(std::numeric_limits<int16_t>::lowest());
    case at::kInt: return at::Scalar(std::numeric_limits<int32_t>::lowest());
    case at::kLong: return at::Scalar(std::numeric_limits<int64_t>::lowest());
    default: return at::Scalar(-std::numeric_limits<double>::infinity());
  }
}

/* How many elements each window of one axis has. */
std::vector<double> window_counts(int64_t in, const PoolGeometry &geometry, size_t axis,
                                  bool include_pad) {
  const int64_t low = include_pad ? -geometry.before[axis] : 0;
  const int64_t high = include_pad ? in + geometry.after[axis] : in;
  std::vector<double> counts(static_cast<size_t>(pool_out_size(in, geometry, axis)));
  for (size_t i = 0; i < counts.size(); ++i) {
    const int64_t start = static_cast<int64_t>(i) * geometry.stride[axis] - geometry.before[axis];
    const int64_t end = start + geometry.kernel[axis];
    counts[i] = static_cast<double>(std::min(end, high) - std::max(start, low));
  }
  return counts;
}

/* What the sums are divided by, to be broadcast over [N, C, D, H, W]. */
at::Tensor divisors(const Axes3 &in, const PoolGeometry &geometry, const AverageRule &rule,
                    const at::TensorOptions &options) {
  if (rule.divisor != 0) return at::full({1}, static_cast<double>(rule.divisor), options);
  at::Tensor product = at::ones({1, 1, 1, 1, 1}, options);
  for (size_t axis = 0; axis < 3; ++axis) {
    std::vector<int64_t> shape{1, 1, 1, 1, 1};
    shape[2 + axis] = -1;
    const std::vector<double> counts = window_counts(in[axis], geometry, axis, rule.include_pad);
    product = product * at::tensor(counts, options.dtype(at::kDouble)).to(options).view(shape);
  }
  return product;
}

}  // namespace

Axes3 covered_block(const Axes3 &in, const PoolGeometry &geometry) {
  Axes3 block;
  for (size_t axis = 0; axis < 3; ++axis) {
    block[axis] = (pool_out_size(in[axis], geometry, axis) - 1) * geometry.stride[axis] +
                  window_reach(geometry, axis);
  }
  return block;
}

at::Tensor in_depth(const at::Tensor &t, const std::string &axes) {
  const at::Tensor plain = t.permute(axis_order(axes, channels_first(axes)));
  return axes.size() == 5 ? plain : plain.unsqueeze(2);
}

at::Tensor from_depth(const at::Tensor &t, const std::string &axes) {
  const at::Tensor plain = axes.size() == 5 ? t : t.squeeze(2);
  return plain.permute(axis_order(channels_first(axes), axes));
}

MaxPooled max_pool(const at::Tensor &x, const PoolGeometry &geometry) {
  const Axes3 block = covered_block(sizes_of(x), geometry);
  const at::Tensor padded =
      fitted(x, sizes_of(x), block, geometry, lowest(x.scalar_type()), 1);
  const auto pooled = at::max_pool3d_with_indices(padded.contiguous(), geometry.kernel,
                                                  geometry.stride, {0, 0, 0}, geometry.dilation);
  return {std::get<0>(pooled), std::get<1>(pooled), block};
}

at::Tensor max_pool_grad(const at::Tensor &grad, const at::Tensor &where, const Axes3 &in,
                         const PoolGeometry &geometry) {
  const Axes3 block = covered_block(in, geometry);
  const int64_t n = grad.size(0);
  const int64_t c = grad.size(1);
  const int64_t outputs = grad.size(2) * grad.size(3) * grad.size(4);
  const at::Tensor sent = widened(grad).reshape({n, c, outputs});
  at::Tensor spread = at::zeros({n, c, block[0] * block[1] * block[2]}, sent.options());
  spread.scatter_add_(2, where.reshape({n, c, outputs}), sent);
  return fitted(spread.view({n, c, block[0], block[1], block[2]}), in, block, geometry, 0, -1);
}

at::Tensor avg_pool(const at::Tensor &x, const PoolGeometry &geometry, const AverageRule &rule) {
  const Axes3 in = sizes_of(x);
  const at::Tensor padded = fitted(widened(x), in, covered_block(in, geometry), geometry, 0, 1);
  const at::Tensor sums = at::avg_pool3d(padded.contiguous(), geometry.kernel, geometry.stride,
                                         {0, 0, 0}, false, true, 1);
  return sums / divisors(in, geometry, rule, sums.options());
}

at::Tensor avg_pool_grad(const at::Tensor &grad, const Axes3 &in, const PoolGeometry &geometry,
                         const AverageRule &rule) {
  const at::Tensor shares = widened(grad) / divisors(in, geometry, rule, widened(grad).options());
  const Axes3 block = covered_block(in, geometry);
  const at::Tensor like =
      at::empty({grad.size(0), grad.size(1), block[0], block[1], block[2]}, shares.options());
  const at::Tensor spread =
      at::avg_pool3d_backward(shares.contiguous(), like, geometry.kernel, geometry.stride,
                              {0, 0, 0}, false, true, 1);
  return fitted(spread, in, block, geometry, 0, -1);
}

}  // namespace ascend_emu
