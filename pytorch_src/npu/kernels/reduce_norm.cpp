// Norms of vectors, from sums and extremes of native operators.
#include <cmath>

#include "kernels/reduction.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kTypes = bit(at::kHalf) | bit(at::kBFloat16) | bit(at::kFloat) | bit(at::kDouble);

at::Tensor norm_of(const at::Tensor& self, double order, at::IntArrayRef dims, bool keepdim) {
  const at::Tensor size = at::abs(self);
  if (std::isinf(order)) {
    return order > 0 ? at::amax(size, dims, keepdim) : at::amin(size, dims, keepdim);
  }
  if (order == 0) return cast(at::sum(at::ne(self, 0), dims, keepdim), self.scalar_type());
  if (order == 1) return at::sum(size, dims, keepdim);
  if (order == 2) return at::sqrt(at::sum(at::mul(self, self), dims, keepdim));
  return at::pow(at::sum(at::pow(size, order), dims, keepdim), 1.0 / order);
}

}  // namespace

at::Tensor linalg_vector_norm(const at::Tensor& self, const at::Scalar& ord,
                              at::OptionalIntArrayRef dim, bool keepdim,
                              c10::optional<at::ScalarType> dtype) {
  const at::ScalarType result = dtype.has_value() ? *dtype : self.scalar_type();
  if (!is_floating(result) || !is_floating(self.scalar_type())) {
    check_cpu_allowed("linalg_vector_norm", self.scalar_type(), kTypes);
    return on_cpu("aten::linalg_vector_norm", "", self, ord, dim, keepdim, dtype)[0].toTensor();
  }
  const std::vector<int64_t> dims = dim.has_value() ? dim->vec() : std::vector<int64_t>();
  // In float32, as the CPU does: sums of half precision lose too much.
  const bool is_short = result == at::kHalf || result == at::kBFloat16;
  const at::Tensor wide = cast(self, is_short ? at::kFloat : result);
  return cast(norm_of(wide, ord.toDouble(), dims, keepdim), result);
}

at::Tensor& linalg_vector_norm_out(const at::Tensor& self, const at::Scalar& ord,
                                   at::OptionalIntArrayRef dim, bool keepdim,
                                   c10::optional<at::ScalarType> dtype, at::Tensor& out) {
  const at::Tensor result = kernels::linalg_vector_norm(self, ord, dim, keepdim, dtype);
  resize_output(out, result.sizes());
  return npu::copy_(out, result, true);
}

at::Tensor norm_ScalarOpt_dim(const at::Tensor& self, const c10::optional<at::Scalar>& p,
                              at::IntArrayRef dim, bool keepdim) {
  const at::Scalar order = p.has_value() ? *p : at::Scalar(2);
  return kernels::linalg_vector_norm(self, order, dim, keepdim, c10::nullopt);
}

at::Tensor norm_ScalarOpt_dim_dtype(const at::Tensor& self, const c10::optional<at::Scalar>& p,
                                    at::IntArrayRef dim, bool keepdim, at::ScalarType dtype) {
  const at::Scalar order = p.has_value() ? *p : at::Scalar(2);
  return kernels::linalg_vector_norm(self, order, dim, keepdim, dtype);
}

at::Tensor& norm_out(const at::Tensor& self, const c10::optional<at::Scalar>& p,
                     at::IntArrayRef dim, bool keepdim, at::Tensor& out) {
  const at::Scalar order = p.has_value() ? *p : at::Scalar(2);
  return kernels::linalg_vector_norm_out(self, order, dim, keepdim, c10::nullopt, out);
}

}  // namespace kernels
}  // namespace npu
