// What the normalisations share: the types they take, and results in threes.
#ifndef ASCENDTORCH_NPU_KERNELS_NORM_SUPPORT_H_
#define ASCENDTORCH_NPU_KERNELS_NORM_SUPPORT_H_

#include <array>
#include <tuple>

#include "kernels/support.h"

namespace npu {
namespace kernels {

constexpr Types kTaken = bit(at::kFloat) | bit(at::kHalf) | bit(at::kBFloat16);

using Three = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

// What an operator left that was computed on the CPU.
inline Three three_of(const torch::jit::Stack& stack) {
  return std::make_tuple(stack[0].toTensor(), stack[1].toTensor(), stack[2].toTensor());
}

// The gradients that are asked for; undefined ones in place of the others.
inline Three masked(const std::array<bool, 3>& mask, const at::Tensor& x, const at::Tensor& weight,
                    const at::Tensor& bias) {
  return std::make_tuple(mask[0] ? x : at::Tensor(), mask[1] ? weight : at::Tensor(),
                         mask[2] ? bias : at::Tensor());
}

}  // namespace kernels
}  // namespace npu

#endif
