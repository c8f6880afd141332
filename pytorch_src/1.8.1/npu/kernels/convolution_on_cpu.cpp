#include "kernels/convolution_on_cpu.h"

#include <torch/csrc/autograd/autograd.h>

#include "runtime/fallback.h"

namespace npu {
namespace kernels {

namespace {

// Kernels run with autograd switched off. Here it is what computes.
class WithAutograd {
 public:
  WithAutograd() : kept_(c10::impl::tls_local_dispatch_key_set()), recording_(true) {
    c10::impl::LocalDispatchKeySet open = kept_;
    open.excluded_ = open.excluded_ - c10::autograd_dispatch_keyset;
    c10::impl::_force_tls_local_dispatch_key_set(open);
  }
  ~WithAutograd() { c10::impl::_force_tls_local_dispatch_key_set(kept_); }
  WithAutograd(const WithAutograd&) = delete;
  WithAutograd& operator=(const WithAutograd&) = delete;

 private:
  const c10::impl::LocalDispatchKeySet kept_;
  const at::AutoGradMode recording_;
};

}  // namespace

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_gradients_on_cpu(
    const at::Tensor& grad_output, const at::Tensor& input, const at::Tensor& weight,
    at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
    at::IntArrayRef output_padding, int64_t groups, std::array<bool, 3> output_mask) {
  tell_fallback("aten::convolution_backward_overrideable");
  const at::Tensor grad = grad_output.to(at::kCPU);
  std::vector<at::Tensor> given{input.to(at::kCPU), weight.to(at::kCPU),
                                at::zeros({grad.size(1)}, grad.options())};
  std::vector<at::Tensor> wanted;
  for (size_t i = 0; i < given.size(); ++i) {
    if (output_mask[i]) wanted.push_back(given[i].requires_grad_());
  }
  std::vector<at::Tensor> found;
  {
    const WithAutograd with_autograd;
    const at::Tensor output = at::convolution(given[0], given[1], given[2], stride, padding,
                                              dilation, transposed, output_padding, groups);
    found = torch::autograd::grad({output}, wanted, {grad});
  }
  std::array<at::Tensor, 3> gradients;
  size_t next = 0;
  for (size_t i = 0; i < given.size(); ++i) {
    if (output_mask[i]) gradients[i] = found[next++].to(grad_output.device());
  }
  return std::make_tuple(gradients[0], gradients[1], gradients[2]);
}

}  // namespace kernels
}  // namespace npu
