// The logarithm of the sigmoid, whose forward has two results.
#include "kernels/support.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kTypes = bit(at::kHalf) | bit(at::kBFloat16) | bit(at::kFloat);

bool takes(const at::Tensor& self) { return (kTypes & bit(self.scalar_type())) != 0; }

}  // namespace

std::tuple<at::Tensor, at::Tensor> log_sigmoid_forward(const at::Tensor& self) {
  // The buffer is for the CPU's gradient; this one needs none.
  const at::Tensor buffer = empty_like_sizes({0}, self);
  if (!takes(self)) {
    check_cpu_allowed("log_sigmoid_forward", self.scalar_type(), kTypes);
    const torch::jit::Stack found = on_cpu("aten::log_sigmoid_forward", "", self);
    return std::make_tuple(found[0].toTensor(), found[1].toTensor());
  }
  at::Tensor output = empty_like_sizes(self.sizes(), self);
  OpCommand("LogSigmoid").input(self).output(output).run();
  return std::make_tuple(output, buffer);
}

at::Tensor log_sigmoid_backward(const at::Tensor& grad_output, const at::Tensor& self,
                                const at::Tensor& buffer) {
  if (!takes(self)) {
    check_cpu_allowed("log_sigmoid_backward", self.scalar_type(), kTypes);
    return on_cpu("aten::log_sigmoid_backward", "", grad_output, self, buffer)[0].toTensor();
  }
  at::Tensor result = empty_like_sizes(self.sizes(), self);
  OpCommand("LogSigmoidGrad")
      .input(cast(grad_output, self.scalar_type()))
      .input(self)
      .output(result)
      .run();
  return result;
}

}  // namespace kernels
}  // namespace npu
