// The gradient of the logit, which AscendCL has no operator for.
#include <cmath>

#include "kernels/index_support.h"

namespace npu {
namespace kernels {

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
