// The diagonal of a matrix, and a matrix of a diagonal. The other form is made of this one.
#include <cstdlib>

#include "kernels/index_support.h"

namespace npu {
namespace kernels {

at::Tensor& diag_out(const at::Tensor& self, int64_t diagonal, at::Tensor& out) {
  TORCH_CHECK(self.dim() == 1 || self.dim() == 2, "diag: the tensor has ", self.dim(),
              " dims; a vector or a matrix is expected");
  if (self.dim() == 2) {
    give("diag", self.diagonal(diagonal), out);
    return out;
  }
  const int64_t size = self.numel() + std::abs(diagonal);
  const at::Tensor matrix = at::zeros({size, size}, self.options());
  matrix.diagonal(diagonal).copy_(self);
  give("diag", matrix, out);
  return out;
}

}  // namespace kernels
}  // namespace npu
