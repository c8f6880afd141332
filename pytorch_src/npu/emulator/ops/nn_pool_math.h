/* Pooling windows on [N, C, D, H, W]; pooling in two dimensions is pooling with a depth of 1. */
#ifndef ASCENDTORCH_EMU_NN_POOL_MATH_H_
#define ASCENDTORCH_EMU_NN_POOL_MATH_H_

#include <array>
#include <cstdint>

#include "aten.h"

namespace ascend_emu {

using Axes3 = std::array<int64_t, 3>; /* depth, height, width */

/* How a window moves. Padding may differ on the two sides. */
struct PoolGeometry {
  Axes3 kernel{{1, 1, 1}};
  Axes3 stride{{1, 1, 1}};
  Axes3 dilation{{1, 1, 1}};
  Axes3 before{{0, 0, 0}};
  Axes3 after{{0, 0, 0}};
  bool ceil = false; /* a last window that is only partly filled counts too */
};

/* By what a sum is divided. */
struct AverageRule {
  bool include_pad = false; /* padding counts as elements */
  int64_t divisor = 0;      /* not 0: always by this */
};

/* Padding as TensorFlow's SAME chooses it: outputs of in / stride, rounded up. */
void pad_same(const Axes3 &in, PoolGeometry *geometry);

/* Size of one axis of the result; 0 when no window fits. */
int64_t pool_out_size(int64_t in, const PoolGeometry &geometry, size_t axis);

/* The largest element of each window, and where it lies: an index into the padded D x H x W
   block of its channel. Of equal ones the first. Padding is never the largest. */
struct MaxPooled {
  at::Tensor values;
  at::Tensor where;   /* int64, shaped as `values` */
  Axes3 block;        /* size of the padded block */
};
MaxPooled max_pool(const at::Tensor &x, const PoolGeometry &geometry);

/* `grad` sent back to where the largest elements were; shape of x: [N, C, in...]. */
at::Tensor max_pool_grad(const at::Tensor &grad, const at::Tensor &where, const Axes3 &in,
                         const PoolGeometry &geometry);

/* Means of windows, computed and given in float or double. */
at::Tensor avg_pool(const at::Tensor &x, const PoolGeometry &geometry, const AverageRule &rule);
at::Tensor avg_pool_grad(const at::Tensor &grad, const Axes3 &in, const PoolGeometry &geometry,
                         const AverageRule &rule);

}  // namespace ascend_emu

#endif
