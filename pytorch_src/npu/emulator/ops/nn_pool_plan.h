/* Pooling as it follows from formats and attributes: which windows, which shapes. Everything is
   in three dimensions; pooling in two is pooling with a depth of 1. No torch here. */
#ifndef ASCENDTORCH_EMU_NN_POOL_PLAN_H_
#define ASCENDTORCH_EMU_NN_POOL_PLAN_H_

#include <array>
#include <string>

#include "call.h"

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

/* Elements from the first to the last that a window takes. */
int64_t window_reach(const PoolGeometry &geometry, size_t axis);

/* Padding as TensorFlow's SAME chooses it: as many outputs as in / stride, rounded up. */
void pad_same(const Axes3 &in, PoolGeometry *geometry);

/* Size of one axis of the result; 0 when no window fits. */
int64_t pool_out_size(int64_t in, const PoolGeometry &geometry, size_t axis);

struct PoolPlan {
  std::string axes; /* of the feature map, as the caller has it */
  int64_t batch;
  int64_t channels;
  Axes3 in;
  Axes3 out;
  PoolGeometry geometry;

  /* Shapes of the feature map and of the result, in the caller's order of axes. */
  Dims in_dims(const std::string &order) const { return dims(in, order); }
  Dims out_dims(const std::string &order) const { return dims(out, order); }

 private:
  Dims dims(const Axes3 &sizes, const std::string &order) const;
};

/* Sizes of a feature map with these axes; windows not known yet. */
PoolPlan feature_map(const std::string &axes, const Dims &dims);

/* From the attributes ksize, strides, and, as far as the operator has them, padding or
   padding_mode, pads, dilation, ceil_mode and global_pooling. Lists of one or three values, where
   the operator takes them, are for D, H, W. */
PoolPlan plan_pool(const Call &call, const std::string &axes, const Dims &dims);

/* Computes `out`; Refusal when a window does not fit or lies in the padding alone. */
void fit_windows(const Call &call, PoolPlan *plan);

/* Refusal unless this input has the shape of the result. */
void expect_pooled(const Call &call, const PoolPlan &plan, int input);

}  // namespace ascend_emu

#endif
