// What losses share: how they are reduced, and their operands in one type and shape.
#ifndef ASCENDTORCH_NPU_KERNELS_LOSS_SUPPORT_H_
#define ASCENDTORCH_NPU_KERNELS_LOSS_SUPPORT_H_

#include <ATen/core/Reduction.h>

#include "kernels/index_support.h"

namespace npu {
namespace kernels {

// As the operators name it.
inline const char* reduction_name(int64_t reduction) {
  if (reduction == at::Reduction::None) return "none";
  return reduction == at::Reduction::Mean ? "mean" : "sum";
}

// The sizes of a loss over elements of these sizes.
inline std::vector<int64_t> loss_sizes(at::IntArrayRef elements, int64_t reduction) {
  if (reduction == at::Reduction::None) return elements.vec();
  return {};
}

// A prediction and its target.
struct LossPair {
  at::Tensor self;
  at::Tensor target;

  LossPair(const char* op, const at::Tensor& given, const at::Tensor& wanted) {
    check_devices(op, {given, wanted});
    const at::ScalarType type = at::result_type(given, wanted);
    const std::vector<int64_t> sizes = broadcast_sizes(given.sizes(), wanted.sizes());
    self = cast(given, type).expand(sizes);
    target = cast(wanted, type).expand(sizes);
  }
  // Whether the operators take the type; the CPU has the others.
  bool is_native() const { return takes(kFloats, self.scalar_type()); }
};

}  // namespace kernels
}  // namespace npu

#endif
