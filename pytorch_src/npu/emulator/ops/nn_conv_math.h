/* N-dimensional convolution and its two gradients on channels-first tensors. */
#ifndef ASCENDTORCH_EMU_NN_CONV_MATH_H_
#define ASCENDTORCH_EMU_NN_CONV_MATH_H_

#include <string>

#include "aten.h"
#include "nn_conv_plan.h"

namespace ascend_emu {

/* A tensor with the axes `from` as one with the axes `to`. */
at::Tensor in_order(const at::Tensor &t, const std::string &from, const std::string &to);

/* y[N, O, ...] of x[N, C, ...] and w[O, C / groups, ...]; `bias` may be undefined. Integers are
   computed in double, where products of int8 are exact. */
at::Tensor conv_forward(const at::Tensor &x, const at::Tensor &w, const at::Tensor &bias,
                        const ConvGeometry &geometry);

/* The gradient with respect to an x of shape `x_size`. */
at::Tensor conv_input_grad(const Dims &x_size, const at::Tensor &w,
                           const at::Tensor &grad, const ConvGeometry &geometry);

/* The gradient with respect to a w of shape `w_size`. */
at::Tensor conv_filter_grad(const at::Tensor &x, const Dims &w_size,
                            const at::Tensor &grad, const ConvGeometry &geometry);

}  // namespace ascend_emu

#endif
