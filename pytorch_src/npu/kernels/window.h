// Lists that say how a window moves, as convolution and pooling of AscendCL want them.
#ifndef ASCENDTORCH_NPU_KERNELS_WINDOW_H_
#define ASCENDTORCH_NPU_KERNELS_WINDOW_H_

#include <algorithm>
#include <vector>

#include "runtime/compat.h"

namespace npu {
namespace kernels {

// One value for each of `dims` dims, where a single value stands for all.
inline std::vector<int64_t> expanded(at::IntArrayRef values, size_t dims) {
  if (values.size() == 1) return std::vector<int64_t>(dims, values[0]);
  return values.vec();
}

// [1, 1, values...]: of samples, channels and the spatial dims.
inline std::vector<int64_t> with_channels(at::IntArrayRef values) {
  std::vector<int64_t> all{1, 1};
  all.insert(all.end(), values.begin(), values.end());
  return all;
}

// [before, after] of each dim, both the same.
inline std::vector<int64_t> both_sides(at::IntArrayRef padding) {
  std::vector<int64_t> all;
  for (const int64_t pad : padding) all.insert(all.end(), {pad, pad});
  return all;
}

// How many windows of `kernel` elements fit into `in` elements. With `ceil` the last may reach
// beyond the padding, but not start in it.
inline int64_t window_count(int64_t in, int64_t kernel, int64_t stride, int64_t padding,
                            int64_t dilation, bool ceil) {
  const int64_t rest = in + 2 * padding - dilation * (kernel - 1) - 1;
  if (rest < 0) return 0;
  const int64_t count = (rest + (ceil ? stride - 1 : 0)) / stride + 1;
  return ceil && (count - 1) * stride >= in + padding ? count - 1 : count;
}

}  // namespace kernels
}  // namespace npu

#endif
