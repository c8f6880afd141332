// The normal distribution with means and deviations of each element.
#include "kernels/random_support.h"

namespace npu {
namespace kernels {

namespace {

at::Tensor drawn(const at::Tensor& like, at::IntArrayRef sizes, const MaybeGenerator& generator) {
  check_floating("normal", like);
  return normal_numbers(generator, sizes, like, like.scalar_type());
}

void check_deviations(const at::Tensor& std) {
  TORCH_CHECK(!std.is_complex(), "normal expects standard deviation to be non-complex");
  TORCH_CHECK(std.numel() == 0 || std.min().item().toDouble() >= 0,
              "normal expects all elements of std >= 0.0");
}

}  // namespace

at::Tensor normal_Tensor_float(const at::Tensor& mean, double std, MaybeGenerator generator) {
  TORCH_CHECK(std >= 0, "normal expects std >= 0.0, but found std ", std);
  return drawn(mean, mean.sizes(), generator).mul_(std).add_(mean);
}

at::Tensor& normal_Tensor_float_out(const at::Tensor& mean, double std, MaybeGenerator generator,
                                    at::Tensor& out) {
  give("normal", normal_Tensor_float(mean, std, generator), out);
  return out;
}

at::Tensor normal_float_Tensor(double mean, const at::Tensor& std, MaybeGenerator generator) {
  check_deviations(std);
  return drawn(std, std.sizes(), generator).mul_(std).add_(mean);
}

at::Tensor& normal_float_Tensor_out(double mean, const at::Tensor& std, MaybeGenerator generator,
                                    at::Tensor& out) {
  give("normal", normal_float_Tensor(mean, std, generator), out);
  return out;
}

at::Tensor normal_Tensor_Tensor(const at::Tensor& mean, const at::Tensor& std,
                                MaybeGenerator generator) {
  check_deviations(std);
  const std::vector<int64_t> sizes = broadcast_sizes(mean.sizes(), std.sizes());
  return drawn(mean, sizes, generator).mul_(std).add_(mean);
}

at::Tensor& normal_Tensor_Tensor_out(const at::Tensor& mean, const at::Tensor& std,
                                     MaybeGenerator generator, at::Tensor& out) {
  give("normal", normal_Tensor_Tensor(mean, std, generator), out);
  return out;
}

at::Tensor& log_normal_(at::Tensor& self, double mean, double std, MaybeGenerator generator) {
  TORCH_CHECK(std > 0, "log_normal_ expects std > 0.0, but found std=", std);
  const at::Tensor values = drawn(self, self.sizes(), generator).mul_(std).add_(mean);
  return npu::copy_(self, values.exp(), true);
}

}  // namespace kernels
}  // namespace npu
