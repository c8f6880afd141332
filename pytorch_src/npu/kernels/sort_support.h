// Sorting, for the operators that begin with it.
#ifndef ASCENDTORCH_NPU_KERNELS_SORT_SUPPORT_H_
#define ASCENDTORCH_NPU_KERNELS_SORT_SUPPORT_H_

#include "kernels/index_support.h"

namespace npu {
namespace kernels {

constexpr Types kSorted = kFloats | kIntegers | bit(at::kBool);

struct Sorted {
  at::Tensor values;
  at::Tensor indices;  // int64
};

// The type must be one of kSorted.
Sorted sorted(const at::Tensor& self, int64_t dim, bool descending, bool stable);

}  // namespace kernels
}  // namespace npu

#endif
