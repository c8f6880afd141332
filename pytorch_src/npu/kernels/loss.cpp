// Losses of two tensors of one shape, element by element, and their gradients.
#include "kernels/loss_support.h"

namespace npu {
namespace kernels {

namespace {

// `sigma` is an attribute of some of the operators.
at::Tensor loss(const char* name, const LossPair& pair, int64_t reduction,
                const c10::optional<double>& sigma = c10::nullopt) {
  const at::Tensor out = empty_like_sizes(loss_sizes(pair.self.sizes(), reduction), pair.self);
  OpCommand command(name);
  command.input(pair.self).input(pair.target).output(out);
  if (sigma.has_value()) command.attr("sigma", *sigma);
  command.attr("reduction", reduction_name(reduction)).run();
  return out;
}

at::Tensor gradient(const char* name, const LossPair& pair, const at::Tensor& grad,
                    int64_t reduction, const c10::optional<double>& sigma = c10::nullopt) {
  const at::Tensor out = empty_like_sizes(pair.self.sizes(), pair.self);
  OpCommand command(name);
  command.input(pair.self)
      .input(pair.target)
      .input(cast(grad, pair.self.scalar_type()))
      .output(out);
  if (sigma.has_value()) command.attr("sigma", *sigma);
  command.attr("reduction", reduction_name(reduction)).run();
  return out;
}

at::Tensor smooth(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                  double beta) {
  TORCH_CHECK(beta >= 0, "smooth_l1_loss does not support negative values for beta.");
  const LossPair pair("smooth_l1_loss", self, target);
  if (!pair.is_native()) {
    return on_cpu("aten::smooth_l1_loss", "", self, target, reduction, beta)[0].toTensor();
  }
  return loss("SmoothL1LossV2", pair, reduction, beta);
}

}  // namespace

at::Tensor mse_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction) {
  const LossPair pair("mse_loss", self, target);
  if (!pair.is_native()) {
    return on_cpu("aten::mse_loss", "", self, target, reduction)[0].toTensor();
  }
  return loss("MseLoss", pair, reduction);
}

at::Tensor& mse_loss_out(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                         at::Tensor& out) {
  give("mse_loss", kernels::mse_loss(self, target, reduction), out);
  return out;
}

at::Tensor mse_loss_backward(const at::Tensor& grad_output, const at::Tensor& self,
                             const at::Tensor& target, int64_t reduction) {
  const LossPair pair("mse_loss_backward", self, target);
  if (!pair.is_native()) {
    return on_cpu("aten::mse_loss_backward", "", grad_output, self, target, reduction)[0]
        .toTensor();
  }
  return gradient("MseLossGrad", pair, grad_output, reduction);
}

at::Tensor& mse_loss_backward_grad_input(const at::Tensor& grad_output, const at::Tensor& self,
                                         const at::Tensor& target, int64_t reduction,
                                         at::Tensor& grad_input) {
  give("mse_loss_backward", kernels::mse_loss_backward(grad_output, self, target, reduction),
       grad_input);
  return grad_input;
}

at::Tensor smooth_l1_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                          double beta) {
  return smooth(self, target, reduction, beta);
}

at::Tensor& smooth_l1_loss_out(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                               double beta, at::Tensor& out) {
  give("smooth_l1_loss", smooth(self, target, reduction, beta), out);
  return out;
}

at::Tensor& smooth_l1_loss_backward_grad_input(const at::Tensor& grad_output,
                                               const at::Tensor& self, const at::Tensor& target,
                                               int64_t reduction, double beta,
                                               at::Tensor& grad_input) {
  const LossPair pair("smooth_l1_loss_backward", self, target);
  if (!pair.is_native()) {
    on_cpu("aten::smooth_l1_loss_backward", "grad_input", grad_output, self, target, reduction,
           beta, grad_input);
    return grad_input;
  }
  give("smooth_l1_loss_backward",
       gradient("SmoothL1LossGradV2", pair, grad_output, reduction, beta), grad_input);
  return grad_input;
}

#if NPU_TORCH_VERSION >= 20000
namespace {

// Beyond `delta` a line, else half a square: `delta` times the smooth loss.
at::Tensor huber(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                 double delta) {
  TORCH_CHECK(delta > 0, "huber_loss does not support non-positive values for delta.");
  const LossPair pair("huber_loss", self, target);
  if (!pair.is_native()) {
    return on_cpu("aten::huber_loss", "", self, target, reduction, delta)[0].toTensor();
  }
  return loss("SmoothL1LossV2", pair, reduction, delta).mul_(delta);
}

}  // namespace

at::Tensor huber_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                      double delta) {
  return huber(self, target, reduction, delta);
}

at::Tensor& huber_loss_out(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                           double delta, at::Tensor& out) {
  give("huber_loss", huber(self, target, reduction, delta), out);
  return out;
}

at::Tensor& huber_loss_backward_out(const at::Tensor& grad_output, const at::Tensor& self,
                                    const at::Tensor& target, int64_t reduction, double delta,
                                    at::Tensor& grad_input) {
  const LossPair pair("huber_loss_backward", self, target);
  if (!pair.is_native()) {
    on_cpu("aten::huber_loss_backward", "out", grad_output, self, target, reduction, delta,
           grad_input);
    return grad_input;
  }
  give("huber_loss_backward",
       gradient("SmoothL1LossGradV2", pair, grad_output, reduction, delta).mul_(delta), grad_input);
  return grad_input;
}
#endif

at::Tensor soft_margin_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction) {
  const LossPair pair("soft_margin_loss", self, target);
  if (!pair.is_native()) {
    return on_cpu("aten::soft_margin_loss", "", self, target, reduction)[0].toTensor();
  }
  return loss("SoftMarginLoss", pair, reduction);
}

at::Tensor& soft_margin_loss_out(const at::Tensor& self, const at::Tensor& target,
                                 int64_t reduction, at::Tensor& out) {
  give("soft_margin_loss", kernels::soft_margin_loss(self, target, reduction), out);
  return out;
}

at::Tensor soft_margin_loss_backward(const at::Tensor& grad_output, const at::Tensor& self,
                                     const at::Tensor& target, int64_t reduction) {
  const LossPair pair("soft_margin_loss_backward", self, target);
  if (!pair.is_native()) {
    return on_cpu("aten::soft_margin_loss_backward", "", grad_output, self, target, reduction)[0]
        .toTensor();
  }
  return gradient("SoftMarginLossGrad", pair, grad_output, reduction);
}

at::Tensor& soft_margin_loss_backward_grad_input(const at::Tensor& grad_output,
                                                 const at::Tensor& self, const at::Tensor& target,
                                                 int64_t reduction, at::Tensor& grad_input) {
  give("soft_margin_loss_backward",
       kernels::soft_margin_loss_backward(grad_output, self, target, reduction), grad_input);
  return grad_input;
}

}  // namespace kernels
}  // namespace npu
