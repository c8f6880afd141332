// Forms of activations that later releases do not ask for.
#include <cmath>

#include "kernels/index_support.h"

namespace npu {
namespace kernels {

at::Tensor& glu_backward_grad_input(const at::Tensor& grad_output, const at::Tensor& self,
                                    int64_t dim, at::Tensor& grad_input) {
  give("glu_backward", at::glu_backward(grad_output, self, dim), grad_input);
  return grad_input;
}

std::tuple<at::Tensor&, at::Tensor&> log_sigmoid_forward_output(const at::Tensor& self,
                                                                at::Tensor& output,
                                                                at::Tensor& buffer) {
  const std::tuple<at::Tensor, at::Tensor> result = at::log_sigmoid_forward(self);
  give("log_sigmoid", std::get<0>(result), output);
  give("log_sigmoid", std::get<1>(result), buffer);
  return std::tie(output, buffer);
}

at::Tensor& log_sigmoid_backward_grad_input(const at::Tensor& grad_output, const at::Tensor& self,
                                            const at::Tensor& buffer, at::Tensor& grad_input) {
  give("log_sigmoid_backward", at::log_sigmoid_backward(grad_output, self, buffer), grad_input);
  return grad_input;
}

// Outside of [eps, 1 - eps] the function is flat; without `eps` it is not defined outside of
// [0, 1].
at::Tensor logit_backward(const at::Tensor& grad_output, const at::Tensor& self,
                          c10::optional<double> eps) {
  const double low = eps.has_value() ? *eps : 0;
  const double outside = eps.has_value() ? 0 : NAN;
  const at::Tensor slope = grad_output.div(self.mul(at::rsub(self, 1)));
  return slope.masked_fill(self.lt(low).logical_or(self.gt(1 - low)), outside);
}

at::Tensor& logit_backward_grad_input(const at::Tensor& grad_output, const at::Tensor& self,
                                      c10::optional<double> eps, at::Tensor& grad_input) {
  give("logit_backward", kernels::logit_backward(grad_output, self, eps), grad_input);
  return grad_input;
}

}  // namespace kernels
}  // namespace npu
