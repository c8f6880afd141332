// The gradient of a rectifier whose slope below 0 is learnt.
#include "kernels/support.h"

namespace npu {
namespace kernels {

// The weight comes broadcast to the input's dims; autograd adds its gradient up to its own size.
std::tuple<at::Tensor, at::Tensor> _prelu_kernel_backward(const at::Tensor& grad_output,
                                                          const at::Tensor& self,
                                                          const at::Tensor& weight) {
  check_devices("prelu_backward", {grad_output, self, weight});
  const at::Tensor above = self.gt(0);
  return std::make_tuple(at::where(above, grad_output, grad_output.mul(weight)),
                         grad_output.mul(self).masked_fill(above, 0));
}

}  // namespace kernels
}  // namespace npu
