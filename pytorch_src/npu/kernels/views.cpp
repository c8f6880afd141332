// Views. They share the storage, so it is brought into plain memory first.
#include <ATen/WrapDimUtils.h>
#include <ATen/native/TensorShape.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_as_complex_native.h>
#include <ATen/ops/view_as_real_native.h>
#include <ATen/ops/view_native.h>

#include "runtime/format.h"

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

at::Tensor _reshape_alias(const at::Tensor& self, at::IntArrayRef size, at::IntArrayRef stride) {
  make_plain_(self);
  return at::native::_reshape_alias(self, size, stride);
}

at::Tensor unfold(const at::Tensor& self, int64_t dimension, int64_t size, int64_t step) {
  make_plain_(self);
  return at::native::unfold(self, dimension, size, step);
}

at::Tensor unfold_backward(const at::Tensor& grad_in, at::IntArrayRef input_sizes, int64_t dim,
                           int64_t size, int64_t step) {
  at::Tensor grad = at::zeros(input_sizes, grad_in.options());
  if (grad_in.numel() == 0) return grad;
  if (input_sizes.empty()) return grad.add_(grad_in.reshape({}));
  const int64_t axis = at::maybe_wrap_dim(dim, static_cast<int64_t>(input_sizes.size()));
  const int64_t reach = step * (grad_in.size(axis) - 1) + 1;
  // The elements at one place of all windows lie a step apart, and never on each other.
  for (int64_t place = 0; place < size; ++place) {
    grad.slice(axis, place, place + reach, step).add_(grad_in.select(-1, place));
  }
  return grad;
}

at::Tensor view_as_real(const at::Tensor& self) { return at::native::view_as_real(self); }

at::Tensor view_as_complex(const at::Tensor& self) { return at::native::view_as_complex(self); }

}  // namespace kernels
}  // namespace npu
