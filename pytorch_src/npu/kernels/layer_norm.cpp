// Layer normalisation: over the last dims of each sample.
#include "kernels/norm_support.h"

namespace npu {
namespace kernels {

namespace {

// The first of the dims that are normalised. Throws c10::Error when the last dims are others.
int64_t first_dim(const at::Tensor& input, at::IntArrayRef normalized_shape) {
  const size_t dims = normalized_shape.size();
  const size_t all = static_cast<size_t>(input.dim());
  TORCH_CHECK(dims >= 1 && dims <= all && input.sizes().slice(all - dims) == normalized_shape,
              "layer_norm: given normalized_shape=", normalized_shape, ", expected an input whose ",
              "last dims are these, but got shape ", input.sizes());
  return static_cast<int64_t>(all - dims);
}

at::Tensor given_or(const c10::optional<at::Tensor>& given, const at::Tensor& input,
                    at::IntArrayRef shape, double otherwise, at::ScalarType type) {
  if (is_given(given)) return cast(*given, type);
  return empty_like_sizes(shape, input, type).fill_(otherwise);
}

at::ScalarType parameter_type(const at::Tensor& input, const c10::optional<at::Tensor>& weight,
                              const c10::optional<at::Tensor>& bias) {
  if (is_given(weight)) return weight->scalar_type();
  return is_given(bias) ? bias->scalar_type() : input.scalar_type();
}

}  // namespace

Three native_layer_norm(const at::Tensor& input, at::IntArrayRef normalized_shape,
                        const c10::optional<at::Tensor>& weight,
                        const c10::optional<at::Tensor>& bias, double eps) {
  const int64_t first = first_dim(input, normalized_shape);
  if (!(kTaken & bit(input.scalar_type()))) {
    check_cpu_allowed("layer_norm", input.scalar_type(), kTaken);
    return three_of(
        on_cpu("aten::native_layer_norm", "", input, normalized_shape, weight, bias, eps));
  }
  const at::ScalarType type = parameter_type(input, weight, bias);
  std::vector<int64_t> statistics = input.sizes().vec();
  std::fill(statistics.begin() + first, statistics.end(), 1);
  const at::Tensor y = empty_like_sizes(input.sizes(), input);
  const at::Tensor mean = empty_like_sizes(statistics, input, at::kFloat);
  const at::Tensor rstd = empty_like_sizes(statistics, input, at::kFloat);
  if (input.numel() > 0) {
    OpCommand("LayerNormV3")
        .input(input)
        .input(given_or(weight, input, normalized_shape, 1, type))
        .input(given_or(bias, input, normalized_shape, 0, type))
        .output(y).output(mean).output(rstd)
        .attr("begin_norm_axis", first).attr("begin_params_axis", first).attr("epsilon", eps)
        .run();
  }
  return std::make_tuple(y, mean, rstd);
}

Three native_layer_norm_backward(const at::Tensor& grad_out, const at::Tensor& input,
                                 at::IntArrayRef normalized_shape, const at::Tensor& mean,
                                 const at::Tensor& rstd, const c10::optional<at::Tensor>& weight,
                                 const c10::optional<at::Tensor>& bias,
                                 std::array<bool, 3> output_mask) {
  first_dim(input, normalized_shape);
  if (!(kTaken & bit(input.scalar_type()))) {
    check_cpu_allowed("layer_norm_backward", input.scalar_type(), kTaken);
    return three_of(on_cpu("aten::native_layer_norm_backward", "", grad_out, input,
                           normalized_shape, mean, rstd, weight, bias, output_mask));
  }
  const at::ScalarType type = parameter_type(input, weight, bias);
  const at::Tensor x_grad = empty_like_sizes(input.sizes(), input);
  const at::Tensor w_grad = empty_like_sizes(normalized_shape, input, type);
  const at::Tensor b_grad = empty_like_sizes(normalized_shape, input, type);
  if (input.numel() == 0) {
    w_grad.zero_();
    b_grad.zero_();
  } else {
    OpCommand("LayerNormGradV3")
        .input(cast(grad_out, input.scalar_type()))
        .input(input).input(rstd).input(mean)
        .input(given_or(weight, input, normalized_shape, 1, type))
        .output(x_grad).output(w_grad).output(b_grad)
        .run();
  }
  return masked(output_mask, x_grad, w_grad, b_grad);
}

}  // namespace kernels
}  // namespace npu
