/* N-dimensional convolution and its two gradients on channels-first tensors. */
#ifndef ASCENDTORCH_EMU_NN_CONV_MATH_H_
#define ASCENDTORCH_EMU_NN_CONV_MATH_H_

#include <cstdint>
#include <vector>

#include "aten.h"

namespace ascend_emu {

/* One entry per spatial axis, outermost first; padding may differ on the two sides. */
struct ConvGeometry {
  std::vector<int64_t> stride;
  std::vector<int64_t> dilation;
  std::vector<int64_t> before;
  std::vector<int64_t> after;
  int64_t groups;
};

/* y[N, O, ...] of x[N, C, ...] and w[O, C / groups, ...]; `bias` may be undefined. Integers are
   computed in double, where products of int8 are exact. */
at::Tensor conv_forward(const at::Tensor &x, const at::Tensor &w, const at::Tensor &bias,
                        const ConvGeometry &geometry);

/* The gradient with respect to an x of shape `x_size`. */
at::Tensor conv_input_grad(const std::vector<int64_t> &x_size, const at::Tensor &w,
                           const at::Tensor &grad, const ConvGeometry &geometry);

/* The gradient with respect to a w of shape `w_size`. */
at::Tensor conv_filter_grad(const at::Tensor &x, const std::vector<int64_t> &w_size,
                            const at::Tensor &grad, const ConvGeometry &geometry);

/* Size of one spatial axis of y; 0 or less when the window does not fit. */
int64_t conv_out_size(int64_t in, int64_t kernel, const ConvGeometry &geometry, size_t axis);

}  // namespace ascend_emu

#endif
