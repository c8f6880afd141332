// The gradient of a rectifier whose slope below 0 is learnt.
#include "kernels/support.h"

namespace npu {
namespace kernels {

#if NPU_TORCH_VERSION < 20000

namespace {

// One slope for all, or one for each channel, which is the second dim.
at::Tensor over_channels(const at::Tensor& weight, const at::Tensor& self) {
  if (weight.numel() == 1) return weight.reshape({});
  const int64_t channels = self.dim() > 1 ? self.size(1) : 1;
  TORCH_CHECK(weight.numel() == channels, "prelu: the weight has ", weight.numel(),
              " elements and the input ", channels, " channels; one for each, or one for all, is "
              "expected");
  std::vector<int64_t> sizes(static_cast<size_t>(self.dim()), 1);
  sizes[1] = channels;
  return weight.reshape(sizes);
}

}  // namespace

at::Tensor prelu(const at::Tensor& self, const at::Tensor& weight) {
  check_devices("prelu", {self, weight});
  return at::where(self.gt(0), self, self.mul(over_channels(weight, self)));
}

std::tuple<at::Tensor, at::Tensor> prelu_backward(const at::Tensor& grad_output,
                                                  const at::Tensor& self,
                                                  const at::Tensor& weight) {
  check_devices("prelu_backward", {grad_output, self, weight});
  const at::Tensor above = self.gt(0);
  const at::Tensor slopes = over_channels(weight, self);
  const at::Tensor to_weight = grad_output.mul(self).masked_fill(above, 0);
  return std::make_tuple(at::where(above, grad_output, grad_output.mul(slopes)),
                         to_weight.sum_to_size(slopes.sizes()).reshape(weight.sizes()));
}

#else

// The weight comes broadcast to the input's dims; autograd adds its gradient up to its own size.
std::tuple<at::Tensor, at::Tensor> _prelu_kernel_backward(const at::Tensor& grad_output,
                                                          const at::Tensor& self,
                                                          const at::Tensor& weight) {
  check_devices("prelu_backward", {grad_output, self, weight});
  const at::Tensor above = self.gt(0);
  return std::make_tuple(at::where(above, grad_output, grad_output.mul(weight)),
                         grad_output.mul(self).masked_fill(above, 0));
}

#endif

}  // namespace kernels
}  // namespace npu
