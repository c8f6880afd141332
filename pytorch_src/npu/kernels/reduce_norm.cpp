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

// In float32 for half precision, as the CPU does: sums of it lose too much.
at::Tensor wide_norm(const at::Tensor& self, const at::Scalar& order, at::IntArrayRef dims,
                     bool keepdim, at::ScalarType result) {
  const bool is_short = result == at::kHalf || result == at::kBFloat16;
  const at::Tensor wide = cast(self, is_short ? at::kFloat : result);
  return cast(norm_of(wide, order.toDouble(), dims, keepdim), result);
}

at::Tensor& put(at::Tensor& out, const at::Tensor& result) {
  resize_output(out, result.sizes());
  return npu::copy_(out, result, true);
}

bool goes_to_cpu(const char* name, const at::Tensor& self, at::ScalarType result) {
  if (is_floating(result) && is_floating(self.scalar_type())) return false;
  check_cpu_allowed(name, self.scalar_type(), kTypes);
  return true;
}

}  // namespace

#if NPU_TORCH_VERSION < 20000

namespace {

at::Scalar order_of(const c10::optional<at::Scalar>& p) {
  return p.has_value() ? *p : at::Scalar(2);
}

}  // namespace

at::Tensor norm_ScalarOpt_dim(const at::Tensor& self, c10::optional<at::Scalar> p,
                              at::IntArrayRef dim, bool keepdim) {
  if (goes_to_cpu("norm", self, self.scalar_type())) {
    return on_cpu("aten::norm", "ScalarOpt_dim", self, p, dim, keepdim)[0].toTensor();
  }
  return wide_norm(self, order_of(p), dim, keepdim, self.scalar_type());
}

at::Tensor norm_ScalarOpt_dim_dtype(const at::Tensor& self, c10::optional<at::Scalar> p,
                                    at::IntArrayRef dim, bool keepdim, at::ScalarType dtype) {
  if (goes_to_cpu("norm", self, dtype)) {
    return on_cpu("aten::norm", "ScalarOpt_dim_dtype", self, p, dim, keepdim, dtype)[0].toTensor();
  }
  return wide_norm(self, order_of(p), dim, keepdim, dtype);
}

at::Tensor norm_Scalar(const at::Tensor& self, at::Scalar p) {
  return norm_ScalarOpt_dim(self, p, {}, false);
}

at::Tensor norm_ScalarOpt_dtype(const at::Tensor& self, c10::optional<at::Scalar> p,
                                at::ScalarType dtype) {
  return norm_ScalarOpt_dim_dtype(self, p, {}, false, dtype);
}

at::Tensor& norm_out(const at::Tensor& self, c10::optional<at::Scalar> p, at::IntArrayRef dim,
                     bool keepdim, at::Tensor& out) {
  return put(out, norm_ScalarOpt_dim(self, p, dim, keepdim));
}

at::Tensor& norm_dtype_out(const at::Tensor& self, c10::optional<at::Scalar> p, at::IntArrayRef dim,
                           bool keepdim, at::ScalarType dtype, at::Tensor& out) {
  return put(out, norm_ScalarOpt_dim_dtype(self, p, dim, keepdim, dtype));
}

#else

at::Tensor linalg_vector_norm(const at::Tensor& self, const at::Scalar& ord,
                              at::OptionalIntArrayRef dim, bool keepdim,
                              c10::optional<at::ScalarType> dtype) {
  const at::ScalarType result = dtype.has_value() ? *dtype : self.scalar_type();
  if (goes_to_cpu("linalg_vector_norm", self, result)) {
    return on_cpu("aten::linalg_vector_norm", "", self, ord, dim, keepdim, dtype)[0].toTensor();
  }
  const std::vector<int64_t> dims = dim.has_value() ? dim->vec() : std::vector<int64_t>();
  return wide_norm(self, ord, dims, keepdim, result);
}

at::Tensor& linalg_vector_norm_out(const at::Tensor& self, const at::Scalar& ord,
                                   at::OptionalIntArrayRef dim, bool keepdim,
                                   c10::optional<at::ScalarType> dtype, at::Tensor& out) {
  return put(out, kernels::linalg_vector_norm(self, ord, dim, keepdim, dtype));
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

#endif

}  // namespace kernels
}  // namespace npu
