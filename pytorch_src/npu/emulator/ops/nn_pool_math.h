/* Pooling of [N, C, D, H, W]. */
#ifndef ASCENDTORCH_EMU_NN_POOL_MATH_H_
#define ASCENDTORCH_EMU_NN_POOL_MATH_H_

#include <cstdint>
#include <string>

#include "aten.h"
#include "nn_pool_plan.h"

namespace ascend_emu {

/* By what a sum is divided. */
struct AverageRule {
  bool include_pad = false; /* padding counts as elements */
  int64_t divisor = 0;      /* not 0: always by this */
};

/* A feature map of these axes as [N, C, D, H, W], and back. */
at::Tensor in_depth(const at::Tensor &t, const std::string &axes);
at::Tensor from_depth(const at::Tensor &t, const std::string &axes);

/* Size of the block that all windows together cover, from the padding before x on. */
Axes3 covered_block(const Axes3 &in, const PoolGeometry &geometry);

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
