// Gradients of losses that PyTorch 1.8.1 asks for as operators of their own.
#include "kernels/loss_support.h"

namespace npu {
namespace kernels {

namespace {

at::Tensor reduced(const at::Tensor& gradient, const at::Tensor& self, int64_t reduction) {
  if (reduction != at::Reduction::Mean) return gradient;
  return gradient.div(static_cast<double>(self.numel()));
}

}  // namespace

at::Tensor& l1_loss_backward_grad_input(const at::Tensor& grad_output, const at::Tensor& self,
                                        const at::Tensor& target, int64_t reduction,
                                        at::Tensor& grad_input) {
  check_devices("l1_loss_backward", {grad_output, self, target});
  give("l1_loss_backward", reduced(self.sub(target).sign_().mul(grad_output), self, reduction),
       grad_input);
  return grad_input;
}

// Without log_target, a target of 0 adds nothing.
at::Tensor kl_div_backward(const at::Tensor& grad_output, const at::Tensor& self,
                           const at::Tensor& target, int64_t reduction, bool log_target) {
  check_devices("kl_div_backward", {grad_output, self, target});
  const at::Tensor weight =
      log_target ? target.exp().neg() : target.neg().masked_fill(target.le(0), 0);
  return reduced(weight.mul(grad_output).expand_as(self), self, reduction);
}

}  // namespace kernels
}  // namespace npu
