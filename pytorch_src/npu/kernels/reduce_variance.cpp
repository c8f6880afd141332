// Variance and standard deviation, from sums of native operators.
#include "kernels/reduction.h"

namespace npu {
namespace kernels {

namespace {

struct Moments {
  at::Tensor variance;
  at::Tensor mean;
};

// How many elements each result is made of.
int64_t count_over(const at::Tensor& self, at::IntArrayRef dims) {
  if (dims.empty()) return self.numel();
  int64_t count = 1;
  for (const int64_t dim : dims) count *= self.dim() == 0 ? 1 : self.size(dim);
  return count;
}

constexpr Types kTypes = bit(at::kHalf) | bit(at::kBFloat16) | bit(at::kFloat) | bit(at::kDouble);

bool goes_to_cpu(const char* name, const at::Tensor& self) {
  if (kTypes & bit(self.scalar_type())) return false;
  check_cpu_allowed(name, self.scalar_type(), kTypes);
  return true;
}

Moments moments_of(const at::Tensor& self, at::IntArrayRef dims, double correction, bool keepdim) {
  // In float32, as the CPU does: squares of half precision overflow early.
  const at::ScalarType type = self.scalar_type();
  const bool is_short = type == at::kHalf || type == at::kBFloat16;
  const at::Tensor wide = is_short ? cast(self, at::kFloat) : self;
  const double degrees = std::max(0.0, static_cast<double>(count_over(self, dims)) - correction);
  const at::Tensor mean = at::mean(wide, dims, true);
  const at::Tensor distance = at::sub(wide, mean);
  at::Tensor variance = at::div(at::sum(at::mul(distance, distance), dims, keepdim), degrees);
  at::Tensor plain_mean = keepdim ? mean : mean.reshape(variance.sizes());
  if (!is_short) return {variance, plain_mean};
  return {cast(variance, type), cast(plain_mean, type)};
}

at::Tensor& give(at::Tensor& out, const at::Tensor& result) {
  resize_output(out, result.sizes());
  return npu::copy_(out, result, true);
}

}  // namespace

#if NPU_TORCH_VERSION < 20000

namespace {

Moments moments(const char* name, const at::Tensor& self, at::IntArrayRef dims, bool unbiased,
                bool keepdim) {
  if (goes_to_cpu(name, self)) {
    const torch::jit::Stack found = on_cpu("aten::var_mean", "dim", self, dims, unbiased, keepdim);
    return {found[0].toTensor(), found[1].toTensor()};
  }
  return moments_of(self, dims, unbiased ? 1 : 0, keepdim);
}

}  // namespace

at::Tensor var_dim(const at::Tensor& self, at::IntArrayRef dim, bool unbiased, bool keepdim) {
  return moments("var", self, dim, unbiased, keepdim).variance;
}

at::Tensor var(const at::Tensor& self, bool unbiased) { return var_dim(self, {}, unbiased, false); }

at::Tensor& var_out(const at::Tensor& self, at::IntArrayRef dim, bool unbiased, bool keepdim,
                    at::Tensor& out) {
  return give(out, var_dim(self, dim, unbiased, keepdim));
}

at::Tensor std_dim(const at::Tensor& self, at::IntArrayRef dim, bool unbiased, bool keepdim) {
  return at::sqrt(moments("std", self, dim, unbiased, keepdim).variance);
}

at::Tensor std(const at::Tensor& self, bool unbiased) { return std_dim(self, {}, unbiased, false); }

at::Tensor& std_out(const at::Tensor& self, at::IntArrayRef dim, bool unbiased, bool keepdim,
                    at::Tensor& out) {
  return give(out, std_dim(self, dim, unbiased, keepdim));
}

std::tuple<at::Tensor, at::Tensor> var_mean_dim(const at::Tensor& self, at::IntArrayRef dim,
                                                bool unbiased, bool keepdim) {
  const Moments found = moments("var_mean", self, dim, unbiased, keepdim);
  return std::make_tuple(found.variance, found.mean);
}

std::tuple<at::Tensor, at::Tensor> var_mean(const at::Tensor& self, bool unbiased) {
  return var_mean_dim(self, {}, unbiased, false);
}

std::tuple<at::Tensor, at::Tensor> std_mean_dim(const at::Tensor& self, at::IntArrayRef dim,
                                                bool unbiased, bool keepdim) {
  const Moments found = moments("std_mean", self, dim, unbiased, keepdim);
  return std::make_tuple(at::sqrt(found.variance), found.mean);
}

std::tuple<at::Tensor, at::Tensor> std_mean(const at::Tensor& self, bool unbiased) {
  return std_mean_dim(self, {}, unbiased, false);
}

#else

namespace {

Moments moments(const char* name, const at::Tensor& self, at::OptionalIntArrayRef dim,
                const c10::optional<at::Scalar>& correction, bool keepdim) {
  if (goes_to_cpu(name, self)) {
    const torch::jit::Stack found =
        on_cpu("aten::var_mean", "correction", self, dim, correction, keepdim);
    return {found[0].toTensor(), found[1].toTensor()};
  }
  const std::vector<int64_t> dims = dim.has_value() ? dim->vec() : std::vector<int64_t>();
  return moments_of(self, dims, correction.has_value() ? correction->toDouble() : 1.0, keepdim);
}

}  // namespace

at::Tensor var_correction(const at::Tensor& self, at::OptionalIntArrayRef dim,
                          const c10::optional<at::Scalar>& correction, bool keepdim) {
  return moments("var", self, dim, correction, keepdim).variance;
}

at::Tensor& var_correction_out(const at::Tensor& self, at::OptionalIntArrayRef dim,
                               const c10::optional<at::Scalar>& correction, bool keepdim,
                               at::Tensor& out) {
  return give(out, var_correction(self, dim, correction, keepdim));
}

at::Tensor std_correction(const at::Tensor& self, at::OptionalIntArrayRef dim,
                          const c10::optional<at::Scalar>& correction, bool keepdim) {
  return at::sqrt(moments("std", self, dim, correction, keepdim).variance);
}

at::Tensor& std_correction_out(const at::Tensor& self, at::OptionalIntArrayRef dim,
                               const c10::optional<at::Scalar>& correction, bool keepdim,
                               at::Tensor& out) {
  return give(out, std_correction(self, dim, correction, keepdim));
}

std::tuple<at::Tensor, at::Tensor> var_mean_correction(const at::Tensor& self,
                                                       at::OptionalIntArrayRef dim,
                                                       const c10::optional<at::Scalar>& correction,
                                                       bool keepdim) {
  const Moments found = moments("var_mean", self, dim, correction, keepdim);
  return std::make_tuple(found.variance, found.mean);
}

std::tuple<at::Tensor, at::Tensor> std_mean_correction(const at::Tensor& self,
                                                       at::OptionalIntArrayRef dim,
                                                       const c10::optional<at::Scalar>& correction,
                                                       bool keepdim) {
  const Moments found = moments("std_mean", self, dim, correction, keepdim);
  return std::make_tuple(at::sqrt(found.variance), found.mean);
}

#endif

}  // namespace kernels
}  // namespace npu
