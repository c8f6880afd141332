#include "kernels/index_support.h"

namespace npu {
namespace kernels {

at::Tensor as_bits(const char* op, const at::Tensor& tensor, Types taken) {
  const at::ScalarType type = tensor.scalar_type();
  if (takes(taken, type)) return tensor;
  const at::ScalarType integers[] = {at::kByte, at::kChar, at::kShort, at::kInt, at::kLong};
  for (const at::ScalarType integer : integers) {
    if (takes(taken, integer) && c10::elementSize(integer) == c10::elementSize(type)) {
      return tensor.view(integer);
    }
  }
  check_type(op, type, integers);
  return tensor;
}

void check_index_type(const char* op, const at::Tensor& index) {
  const at::ScalarType type = index.scalar_type();
  TORCH_CHECK_INDEX(type == at::kLong || type == at::kInt, op, ": the index is of ", type,
                    "; int32 and int64 are allowed. Convert it with .long()");
}

void give(const char* op, const at::Tensor& result, const at::Tensor& out) {
  TORCH_CHECK(c10::canCast(result.scalar_type(), out.scalar_type()), op, ": the result is of ",
              result.scalar_type(), " and out= of ", out.scalar_type(),
              ", which cannot hold it; give an out= of ", result.scalar_type());
  check_devices(op, {result, out});
  resize_output(out, result.sizes());
  at::Tensor target = out;
  npu::copy_(target, result, true);
}

at::Tensor number_beside(const at::Scalar& value, const at::Tensor& like, at::ScalarType type) {
  return empty_like_sizes({}, like, type).fill_(value);
}

}  // namespace kernels
}  // namespace npu
