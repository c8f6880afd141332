// Forms of activations that later releases do not ask for.
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

}  // namespace kernels
}  // namespace npu
