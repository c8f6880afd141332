// The product of a matrix and a vector.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

at::Tensor mv(const at::Tensor& self, const at::Tensor& vec) {
  TORCH_CHECK(self.dim() == 2 && vec.dim() == 1, "mv: a matrix and a vector are expected; shapes ",
              self.sizes(), " and ", vec.sizes(), " are given");
  return at::mm(self, vec.unsqueeze(1)).squeeze(1);
}

at::Tensor& mv_out(const at::Tensor& self, const at::Tensor& vec, at::Tensor& out) {
  give("mv", kernels::mv(self, vec), out);
  return out;
}

}  // namespace kernels
}  // namespace npu
