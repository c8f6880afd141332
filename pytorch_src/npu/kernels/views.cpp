// Views. They share the storage, so it is brought into plain memory first.
#include "runtime/format.h"

#if NPU_TORCH_VERSION < 20000
#include <ATen/NativeFunctions.h>
#else
#include <ATen/native/TensorShape.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_as_complex_native.h>
#include <ATen/ops/view_as_real_native.h>
#include <ATen/ops/view_native.h>
#endif

namespace npu {
namespace kernels {

at::Tensor as_strided(const at::Tensor& self, at::IntArrayRef size, at::IntArrayRef stride,
                      c10::optional<int64_t> storage_offset) {
  make_plain_(self);
  return at::native::as_strided_tensorimpl(self, size, stride, storage_offset);
}

at::Tensor view(const at::Tensor& self, at::IntArrayRef size) {
  make_plain_(self);
  return at::native::view(self, size);
}

#if NPU_TORCH_VERSION >= 20000
at::Tensor _reshape_alias(const at::Tensor& self, at::IntArrayRef size, at::IntArrayRef stride) {
  make_plain_(self);
  return at::native::_reshape_alias(self, size, stride);
}
#endif

at::Tensor unfold(const at::Tensor& self, int64_t dimension, int64_t size, int64_t step) {
  make_plain_(self);
  return at::native::unfold(self, dimension, size, step);
}

at::Tensor view_as_real(const at::Tensor& self) { return at::native::view_as_real(self); }

at::Tensor view_as_complex(const at::Tensor& self) { return at::native::view_as_complex(self); }

}  // namespace kernels
}  // namespace npu
