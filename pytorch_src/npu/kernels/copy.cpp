// Values: copies, constants, and the one number of a tensor.
#include "runtime/copy.h"

namespace npu {
namespace kernels {

at::Tensor& copy_(at::Tensor& self, const at::Tensor& src, bool non_blocking) {
  return npu::copy_(self, src, non_blocking);
}

at::Tensor _copy_from(const at::Tensor& self, const at::Tensor& dst, bool non_blocking) {
  at::Tensor target = dst;
  return npu::copy_(target, self, non_blocking);
}

#if NPU_TORCH_VERSION >= 20000
at::Tensor _copy_from_and_resize(const at::Tensor& self, const at::Tensor& dst) {
  at::Tensor target = dst;
  if (target.sizes() != self.sizes()) target.resize_(self.sizes());
  return npu::copy_(target, self, false);
}
#endif

at::Scalar _local_scalar_dense(const at::Tensor& self) {
  at::Tensor number = at::empty({}, self.options().device(at::kCPU));
  npu::copy_(number, self.reshape({}), false);
  return number.item();
}

at::Tensor& zero_(at::Tensor& self) {
  if (self.numel() == 0) return self;
  if (!self.is_contiguous() || is_private(self)) return self.fill_(0);
  zero_bytes(self);
  return self;
}

at::Tensor& fill__Scalar(at::Tensor& self, ScalarArg value) {
  if (self.numel() == 0) return self;
  make_plain_(self);
  OpCommand("Fill")
      .host_input(self.sizes())
      .host_scalar(value, self.scalar_type())
      .output(self)
      .run();
  return self;
}

at::Tensor& fill__Tensor(at::Tensor& self, const at::Tensor& value) {
  TORCH_CHECK(value.dim() == 0, "fill_ takes a number or a tensor of 0 dims; this one has ",
              value.dim());
  return npu::copy_(self, value, false);
}

}  // namespace kernels
}  // namespace npu
