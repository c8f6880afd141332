// Dropout with a mask of its own, which the gradient uses again.
#include "kernels/random_support.h"
#include "kernels/support.h"

#if NPU_TORCH_VERSION >= 20000

namespace npu {
namespace kernels {

namespace {

constexpr Types kTaken = bit(at::kFloat) | bit(at::kHalf) | bit(at::kBFloat16);

}  // namespace

std::tuple<at::Tensor, at::Tensor> native_dropout(const at::Tensor& input, double p,
                                                  c10::optional<bool> train) {
  TORCH_CHECK(p >= 0 && p <= 1, "dropout: the probability has to be between 0 and 1, but got ", p);
  if (!(kTaken & bit(input.scalar_type()))) {
    check_cpu_allowed("dropout", input.scalar_type(), kTaken);
    const torch::jit::Stack done = on_cpu("aten::native_dropout", "", input, p, train);
    return std::make_tuple(done[0].toTensor(), done[1].toTensor());
  }
  if (p == 0 || (train.has_value() && !*train)) {
    return std::make_tuple(input.clone(),
                           at::ones(input.sizes(), input.options().dtype(at::kBool)));
  }
  const at::Tensor mask = uniform_numbers(c10::nullopt, input.sizes(), input, at::kFloat).ge(p);
  const double scale = p == 1 ? 0 : 1 / (1 - p);
  return std::make_tuple(input.mul(mask).mul_(scale), mask);
}

at::Tensor native_dropout_backward(const at::Tensor& grad_output, const at::Tensor& mask,
                                   double scale) {
  return grad_output.mul(mask).mul_(scale);
}

}  // namespace kernels
}  // namespace npu

#endif
