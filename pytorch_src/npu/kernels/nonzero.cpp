// Where a tensor is not zero.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

at::Tensor places(const at::Tensor& self) {
  const at::TensorOptions options = self.options().dtype(at::kLong);
  if (self.numel() == 0) return npu::empty({0, self.dim()}, options);
  if (self.dim() == 0) return npu::empty({self.ne(0).item<bool>() ? 1 : 0, 0}, options);
  const at::Tensor given = self.is_complex() ? self.ne(0) : self;
  const at::Tensor out = npu::empty({self.numel(), self.dim()}, options);
  const auto got =
      OpCommand("NonZero").input(given).output(out).attr("dtype", at::kLong).run_and_get_sizes();
  // A copy where most of the memory would be kept for nothing.
  const at::Tensor found = out.narrow(0, 0, got[0][0]);
  return got[0][0] * 2 < self.numel() ? found.clone() : found;
}

}  // namespace

at::Tensor nonzero(const at::Tensor& self) { return places(self); }

at::Tensor& nonzero_out(const at::Tensor& self, at::Tensor& out) {
  TORCH_CHECK(out.scalar_type() == at::kLong, "nonzero: out= is of ", out.scalar_type(),
              "; int64 is expected");
  give("nonzero", places(self), out);
  return out;
}

}  // namespace kernels
}  // namespace npu
