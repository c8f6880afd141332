// Whether one tensor can take another one's data: what Module.to() asks before it keeps a
// parameter.
#include "runtime/compat.h"

namespace npu {
namespace kernels {

namespace {

bool is_dense(const at::Tensor& tensor) {
  return tensor.layout() == at::kStrided && (tensor.device().is_cpu() || is_npu(tensor));
}

}  // namespace

// Without it a parameter would become another one on its way to the NPU: tied parameters would
// part, and optimizers would keep the old ones.
bool _has_compatible_shallow_copy_type(const at::Tensor& self, const at::Tensor& from) {
  return self.unsafeGetTensorImpl()->key_set() == from.unsafeGetTensorImpl()->key_set() ||
         (is_dense(self) && is_dense(from));
}

}  // namespace kernels
}  // namespace npu
