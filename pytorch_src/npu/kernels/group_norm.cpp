// Normalisation of groups of channels within each sample.
#include "kernels/norm_support.h"

namespace npu {
namespace kernels {

Three native_group_norm(const at::Tensor& input, const c10::optional<at::Tensor>& weight,
                        const c10::optional<at::Tensor>& bias, int64_t n, int64_t c, int64_t hxw,
                        int64_t group, double eps) {
  if (!(kTaken & bit(input.scalar_type()))) {
    check_cpu_allowed("group_norm", input.scalar_type(), kTaken);
    return three_of(
        on_cpu("aten::native_group_norm", "", input, weight, bias, n, c, hxw, group, eps));
  }
  const at::Tensor y = empty_like_sizes(input.sizes(), input);
  const at::Tensor mean = empty_like_sizes({n, group}, input, at::kFloat);
  const at::Tensor rstd = empty_like_sizes({n, group}, input, at::kFloat);
  if (input.numel() > 0) {
    // The one of AscendCL's operators that takes bfloat16, and no weight.
    OpCommand command("GroupNormSilu");
    command.input(input);
    is_given(weight) ? command.input(*weight) : command.no_input();
    is_given(bias) ? command.input(*bias) : command.no_input();
    command.output(y).output(mean).output(rstd)
        .attr("num_groups", group).attr("eps", eps).attr("activate_silu", false)
        .run();
  }
  return std::make_tuple(y, mean, rstd);
}

Three native_group_norm_backward(const at::Tensor& grad_out, const at::Tensor& input,
                                 const at::Tensor& mean, const at::Tensor& rstd,
                                 const c10::optional<at::Tensor>& weight, int64_t n, int64_t c,
                                 int64_t hxw, int64_t group, std::array<bool, 3> output_mask) {
  if (!(kTaken & bit(input.scalar_type()))) {
    check_cpu_allowed("group_norm_backward", input.scalar_type(), kTaken);
    return three_of(on_cpu("aten::native_group_norm_backward", "", grad_out, input, mean, rstd,
                           weight, n, c, hxw, group, output_mask));
  }
  const at::Tensor gamma = is_given(weight) ? *weight : empty_like_sizes({c}, input).fill_(1);
  const at::Tensor x_grad = empty_like_sizes(input.sizes(), input);
  const at::Tensor w_grad = empty_like_sizes({c}, gamma);
  const at::Tensor b_grad = empty_like_sizes({c}, gamma);
  if (input.numel() == 0) {
    w_grad.zero_();
    b_grad.zero_();
  } else {
    OpCommand("GroupNormGrad")
        .input(cast(grad_out, input.scalar_type()))
        .input(mean).input(rstd).input(input).input(gamma)
        .output(x_grad).output(w_grad).output(b_grad)
        .attr("num_groups", group).attr("data_format", "NCHW")
        .run();
  }
  return masked(output_mask, x_grad, w_grad, b_grad);
}

}  // namespace kernels
}  // namespace npu
