// What operators that move elements share: types as bits, indices, and results in their place.
#ifndef ASCENDTORCH_NPU_KERNELS_INDEX_SUPPORT_H_
#define ASCENDTORCH_NPU_KERNELS_INDEX_SUPPORT_H_

#include <c10/core/WrapDimMinimal.h>

#include "kernels/support.h"

namespace npu {
namespace kernels {

constexpr Types kFloats = bit(at::kFloat) | bit(at::kHalf) | bit(at::kBFloat16);
constexpr Types kIntegers =
    bit(at::kByte) | bit(at::kChar) | bit(at::kShort) | bit(at::kInt) | bit(at::kLong);
constexpr Types kReals = kFloats | kIntegers | bit(at::kDouble);

inline bool takes(Types types, at::ScalarType type) { return (types & bit(type)) != 0; }

// The tensor itself where `taken` has its type, else the same memory seen as integers of the same
// width: enough for operators that only move elements. Throws c10::Error, naming `op`, where there
// is no such integer.
at::Tensor as_bits(const char* op, const at::Tensor& tensor, Types taken);

// Throws c10::Error unless the index is of int32 or int64.
void check_index_type(const char* op, const at::Tensor& index);

// 1-D of one element where the tensor has no dims: operators want an axis.
inline at::Tensor at_least_1d(const at::Tensor& tensor) {
  return tensor.dim() == 0 ? tensor.reshape({1}) : tensor;
}

// Gives `out` the size and the values of `result`. Throws c10::Error where the type does not fit.
void give(const char* op, const at::Tensor& result, const at::Tensor& out);

// `write` works on plain contiguous memory: `self` itself where it is that, else a copy that is
// moved back.
template <class Write>
void write_in_place(const at::Tensor& self, const Write& write) {
  if (self.is_contiguous() && !is_private(self)) return write(self);
  const at::Tensor work = contiguous(self);
  write(work);
  at::Tensor target = self;
  npu::copy_(target, work, true);
}

// A number as a tensor of 0 dims beside `like`.
at::Tensor number_beside(const at::Scalar& value, const at::Tensor& like, at::ScalarType type);

}  // namespace kernels
}  // namespace npu

#endif
