// GELU in both forms, SiLU's gradient, and what they need of half precision.
#include "kernels/support.h"

namespace npu {
namespace kernels {

namespace {

constexpr double kRootTwoOverPi = 0.79788456080286536;
constexpr double kCube = 0.044715;
constexpr Types kTypes = bit(at::kHalf) | bit(at::kBFloat16) | bit(at::kFloat);

bool takes(const at::Tensor& self) { return (kTypes & bit(self.scalar_type())) != 0; }

// tanh(sqrt(2 / pi) (x + 0.044715 x^3)), of a float32 tensor.
at::Tensor bend(const at::Tensor& x) {
  const at::Tensor cube = at::mul(at::mul(x, x), x);
  return at::tanh(at::mul(at::add(x, cube, kCube), kRootTwoOverPi));
}

at::Tensor gelu_by_tanh(const at::Tensor& self) {
  const at::Tensor x = cast(self, at::kFloat);
  return cast(at::mul(at::mul(x, 0.5), at::add(bend(x), 1)), self.scalar_type());
}

at::Tensor gelu_by_tanh_grad(const at::Tensor& grad, const at::Tensor& self) {
  const at::Tensor x = cast(self, at::kFloat);
  const at::Tensor t = bend(x);
  const at::Tensor slope = at::mul(at::add(at::mul(at::mul(x, x), 3 * kCube), 1), kRootTwoOverPi);
  const at::Tensor inner = at::mul(at::mul(at::rsub(at::mul(t, t), 1), x), slope);
  const at::Tensor total = at::mul(at::add(at::add(t, 1), inner), 0.5);
  return cast(at::mul(cast(grad, at::kFloat), total), grad.scalar_type());
}

template <class... Form>
at::Tensor forward(const at::Tensor& self, bool by_tanh, const Form&... form) {
  if (!takes(self)) {
    check_cpu_allowed("gelu", self.scalar_type(), kTypes);
    return on_cpu("aten::gelu", "", self, form...)[0].toTensor();
  }
  if (by_tanh) return gelu_by_tanh(self);
  at::Tensor result = empty_like_sizes(self.sizes(), self);
  OpCommand("Gelu").input(self).output(result).run();
  return result;
}

template <class... Form>
at::Tensor backward(const at::Tensor& grad_output, const at::Tensor& self, bool by_tanh,
                    const Form&... form) {
  if (!takes(self) || grad_output.scalar_type() != self.scalar_type()) {
    check_cpu_allowed("gelu_backward", self.scalar_type(), kTypes);
    return on_cpu("aten::gelu_backward", "", grad_output, self, form...)[0].toTensor();
  }
  if (by_tanh) return gelu_by_tanh_grad(grad_output, self);
  at::Tensor result = empty_like_sizes(self.sizes(), self);
  // The third input is the forward's result.
  OpCommand("GeluGrad")
      .input(grad_output)
      .input(self)
      .input(forward(self, by_tanh, form...))
      .output(result)
      .run();
  return result;
}

}  // namespace

#if NPU_TORCH_VERSION < 20000

at::Tensor gelu(const at::Tensor& self) { return forward(self, false); }

at::Tensor gelu_backward(const at::Tensor& grad, const at::Tensor& self) {
  return backward(grad, self, false);
}

#else

namespace {

bool is_tanh(c10::string_view approximate) {
  TORCH_CHECK(approximate == "none" || approximate == "tanh", "gelu: approximate is \"",
              approximate, "\"; it can be none or tanh");
  return approximate == "tanh";
}

void put(at::Tensor& out, const at::Tensor& result) {
  resize_output(out, result.sizes());
  npu::copy_(out, result, true);
}

}  // namespace

at::Tensor gelu(const at::Tensor& self, c10::string_view approximate) {
  return forward(self, is_tanh(approximate), approximate);
}

at::Tensor& gelu_out(const at::Tensor& self, c10::string_view approximate, at::Tensor& out) {
  put(out, kernels::gelu(self, approximate));
  return out;
}

at::Tensor& gelu_(at::Tensor& self, c10::string_view approximate) {
  return npu::copy_(self, kernels::gelu(self, approximate), true);
}

at::Tensor gelu_backward(const at::Tensor& grad_output, const at::Tensor& self,
                         c10::string_view approximate) {
  return backward(grad_output, self, is_tanh(approximate), approximate);
}

at::Tensor& gelu_backward_grad_input(const at::Tensor& grad_output, const at::Tensor& self,
                                     c10::string_view approximate, at::Tensor& grad_input) {
  put(grad_input, kernels::gelu_backward(grad_output, self, approximate));
  return grad_input;
}

#endif

at::Tensor silu_backward(const at::Tensor& grad_output, const at::Tensor& self) {
  if (!takes(self) || grad_output.scalar_type() != self.scalar_type()) {
    const at::Tensor gate = at::sigmoid(self);
    const at::Tensor slope = at::add(at::mul(self, at::rsub(gate, 1)), 1);
    return at::mul(at::mul(grad_output, gate), slope);
  }
  at::Tensor result = empty_like_sizes(self.sizes(), self);
  OpCommand("SwishGrad")
      .input(grad_output)
      .input(self)
      .input(at::silu(self))
      .output(result)
      .attr("scale", 1.0)
      .run();
  return result;
}

#if NPU_TORCH_VERSION >= 20000
at::Tensor& silu_backward_grad_input(const at::Tensor& grad_output, const at::Tensor& self,
                                     at::Tensor& grad_input) {
  put(grad_input, kernels::silu_backward(grad_output, self));
  return grad_input;
}
#endif

}  // namespace kernels
}  // namespace npu
