// Softmax, its logarithm, and their gradients.
#include "kernels/support.h"

#include <ATen/WrapDimUtils.h>

namespace npu {
namespace kernels {

namespace {

constexpr Types kTaken = bit(at::kFloat) | bit(at::kHalf) | bit(at::kBFloat16);
constexpr Types kForward = kTaken | bit(at::kDouble);

// The operators want a dim to run over.
at::Tensor with_dim(const at::Tensor& tensor) {
  return tensor.dim() == 0 ? tensor.reshape({1}) : tensor;
}

void check_half_to_float(const char* name, const at::Tensor& self, bool half_to_float) {
  TORCH_CHECK(!half_to_float || self.scalar_type() == at::kHalf, name,
              ": conversion to float is supported for Half input only, but got ",
              self.scalar_type());
}

bool goes_to_cpu(const char* name, const at::Tensor& tensor, Types taken) {
  if (taken & bit(tensor.scalar_type())) return false;
  check_cpu_allowed(name, tensor.scalar_type(), taken);
  return true;
}

at::Tensor& forward(const char* op, const char* axis, const at::Tensor& self, int64_t dim,
                    bool half_to_float, at::Tensor& out) {
  const std::vector<int64_t> axes{at::maybe_wrap_dim(dim, self.dim())};
  if (!out.is_same(self)) resize_output(out, self.sizes());
  const at::ScalarType type = half_to_float ? at::kFloat : self.scalar_type();
  OpCommand(op).input(with_dim(cast(self, type))).output(with_dim(out)).attr(axis, axes).run();
  return out;
}

// AscendCL's names for the two inputs differ, their order does not follow: see the callers.
at::Tensor& backward(const char* name, const char* op, const char* axis, const at::Tensor& first,
                     const at::Tensor& second, int64_t dim, at::Tensor& out) {
  check_devices(name, {first, second});
  const std::vector<int64_t> axes{at::maybe_wrap_dim(dim, first.dim())};
  resize_output(out, first.sizes());
  const bool direct = out.scalar_type() == first.scalar_type();
  const at::Tensor to = direct ? out : empty_like_sizes(first.sizes(), first);
  OpCommand(op)
      .input(with_dim(first))
      .input(with_dim(cast(second, first.scalar_type())))
      .output(with_dim(to))
      .attr(axis, axes)
      .run();
  if (!direct) npu::copy_(out, to, true);
  return out;
}

}  // namespace

#if NPU_TORCH_VERSION < 20000

namespace {

at::Tensor softmax(const char* name, const char* overload, const char* op, const at::Tensor& self,
                   int64_t dim, bool half_to_float) {
  check_half_to_float(name, self, half_to_float);
  if (goes_to_cpu(name, self, kForward)) {
    return on_cpu(overload, "", self, dim, half_to_float)[0].toTensor();
  }
  at::Tensor out =
      empty_like_sizes(self.sizes(), self, half_to_float ? at::kFloat : self.scalar_type());
  return forward(op, "axes", self, dim, half_to_float, out);
}

// `input` is what the softmax was taken of: the gradient has its type.
at::Tensor softmax_backward(const char* name, const char* overload, const char* op,
                            const char* axis, bool output_first, const at::Tensor& grad_output,
                            const at::Tensor& output, int64_t dim, const at::Tensor& input) {
  if (goes_to_cpu(name, output, kTaken)) {
    return on_cpu(overload, "", grad_output, output, dim, input)[0].toTensor();
  }
  at::Tensor grad_input = empty_like_sizes(output.sizes(), input);
  return backward(name, op, axis, output_first ? output : grad_output,
                  output_first ? grad_output : output, dim, grad_input);
}

}  // namespace

at::Tensor _softmax(const at::Tensor& self, int64_t dim, bool half_to_float) {
  return softmax("softmax", "aten::_softmax", "SoftmaxV2", self, dim, half_to_float);
}

at::Tensor _log_softmax(const at::Tensor& self, int64_t dim, bool half_to_float) {
  return softmax("log_softmax", "aten::_log_softmax", "LogSoftmaxV2", self, dim, half_to_float);
}

at::Tensor _softmax_backward_data(const at::Tensor& grad_output, const at::Tensor& output,
                                  int64_t dim, const at::Tensor& self) {
  return softmax_backward("softmax_backward", "aten::_softmax_backward_data", "SoftmaxGrad", "axes",
                          true, grad_output, output, dim, self);
}

at::Tensor _log_softmax_backward_data(const at::Tensor& grad_output, const at::Tensor& output,
                                      int64_t dim, const at::Tensor& self) {
  return softmax_backward("log_softmax_backward", "aten::_log_softmax_backward_data",
                          "LogSoftmaxGrad", "axis", false, grad_output, output, dim, self);
}

#else

namespace {

at::Tensor& softmax(const char* name, const char* overload, const char* op, const at::Tensor& self,
                    int64_t dim, bool half_to_float, at::Tensor& out) {
  check_half_to_float(name, self, half_to_float);
  if (!goes_to_cpu(name, self, kForward)) {
    return forward(op, "axes", self, dim, half_to_float, out);
  }
  on_cpu(overload, "out", self, dim, half_to_float, out);
  return out;
}

}  // namespace

at::Tensor& _softmax_out(const at::Tensor& self, int64_t dim, bool half_to_float, at::Tensor& out) {
  return softmax("softmax", "aten::_softmax", "SoftmaxV2", self, dim, half_to_float, out);
}

at::Tensor& _log_softmax_out(const at::Tensor& self, int64_t dim, bool half_to_float,
                             at::Tensor& out) {
  return softmax("log_softmax", "aten::_log_softmax", "LogSoftmaxV2", self, dim, half_to_float,
                 out);
}

at::Tensor& _softmax_backward_data_out(const at::Tensor& grad_output, const at::Tensor& output,
                                       int64_t dim, at::ScalarType input_dtype,
                                       at::Tensor& grad_input) {
  if (goes_to_cpu("softmax_backward", output, kTaken)) {
    on_cpu("aten::_softmax_backward_data", "out", grad_output, output, dim, input_dtype,
           grad_input);
    return grad_input;
  }
  return backward("softmax_backward", "SoftmaxGrad", "axes", output, grad_output, dim, grad_input);
}

at::Tensor& _log_softmax_backward_data_out(const at::Tensor& grad_output, const at::Tensor& output,
                                           int64_t dim, at::ScalarType input_dtype,
                                           at::Tensor& out) {
  if (goes_to_cpu("log_softmax_backward", output, kTaken)) {
    on_cpu("aten::_log_softmax_backward_data", "out", grad_output, output, dim, input_dtype, out);
    return out;
  }
  return backward("log_softmax_backward", "LogSoftmaxGrad", "axis", grad_output, output, dim, out);
}

#endif

}  // namespace kernels
}  // namespace npu
