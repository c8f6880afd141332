// The gradients of a convolution that no operator of an NPU takes. PyTorch 1.8.1 has no one
// operator for them that the CPU computes.
#ifndef ASCENDTORCH_NPU_KERNELS_CONVOLUTION_ON_CPU_H_
#define ASCENDTORCH_NPU_KERNELS_CONVOLUTION_ON_CPU_H_

#include <array>
#include <tuple>

#include "runtime/compat.h"

namespace npu {
namespace kernels {

// Of the input, the weight and the bias, where the mask asks for them. Throws c10::Error where
// computing on the CPU is forbidden.
std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_gradients_on_cpu(
    const at::Tensor& grad_output, const at::Tensor& input, const at::Tensor& weight,
    at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
    at::IntArrayRef output_padding, int64_t groups, std::array<bool, 3> output_mask);

}  // namespace kernels
}  // namespace npu

#endif
