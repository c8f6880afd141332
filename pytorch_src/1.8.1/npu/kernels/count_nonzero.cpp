// How many elements are not 0: what the gradient of a largest norm is divided by.
#include "runtime/compat.h"

namespace npu {
namespace kernels {

at::Tensor count_nonzero_dim_IntList(const at::Tensor& self, at::IntArrayRef dim) {
  return self.ne(0).sum(dim);
}

}  // namespace kernels
}  // namespace npu
