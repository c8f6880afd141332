// Convolution and its gradients, in two and three dimensions. ATen turns one dimension into two.
#include "kernels/support.h"
#include "kernels/window.h"

#if NPU_TORCH_VERSION < 20000
#include "kernels/convolution_on_cpu.h"
#endif

namespace npu {
namespace kernels {

namespace {

constexpr Types kTaken = bit(at::kFloat) | bit(at::kHalf) | bit(at::kBFloat16);

// What AscendCL's operators take at most.
constexpr int64_t kMostStride = 63;
constexpr int64_t kMostPad = 255;
constexpr int64_t kMostKernel = 255;

// How the window moves: one entry for each spatial dim.
struct Geometry {
  std::vector<int64_t> stride, padding, dilation;
  int64_t groups;

  bool is_deep() const { return stride.size() == 3; }

  OpCommand& attrs(OpCommand& command) const {
    return command.attr("strides", with_channels(stride))
        .attr("pads", both_sides(padding))
        .attr("dilations", with_channels(dilation))
        .attr("groups", groups)
        .attr("data_format", is_deep() ? "NCDHW" : "NCHW");
  }
};

Geometry geometry_of(const at::Tensor& input, at::IntArrayRef stride, at::IntArrayRef padding,
                     at::IntArrayRef dilation, int64_t groups) {
  const size_t dims = static_cast<size_t>(input.dim()) - 2;
  return {expanded(stride, dims), expanded(padding, dims), expanded(dilation, dims), groups};
}

bool all_at_most(at::IntArrayRef values, int64_t most) {
  return std::all_of(values.begin(), values.end(), [most](int64_t v) { return v <= most; });
}

// Whether the operators take it. Conv3D has no float.
bool fits(const at::Tensor& input, const at::Tensor& weight, const Geometry& geometry,
          bool needs_forward) {
  if (!(kTaken & bit(input.scalar_type())) || input.scalar_type() != weight.scalar_type()) {
    return false;
  }
  if (geometry.is_deep() && needs_forward && input.scalar_type() == at::kFloat) return false;
  if (input.dim() != 4 && input.dim() != 5) return false;
  return all_at_most(geometry.stride, kMostStride) && all_at_most(geometry.padding, kMostPad) &&
         all_at_most(geometry.dilation, kMostPad) &&
         all_at_most(weight.sizes().slice(2), kMostKernel);
}

std::vector<int64_t> convolved_sizes(const at::Tensor& x, const at::Tensor& weight,
                                     const Geometry& geometry) {
  std::vector<int64_t> sizes{x.size(0), weight.size(0)};
  for (size_t i = 0; i < geometry.stride.size(); ++i) {
    const int64_t dim = static_cast<int64_t>(i) + 2;
    const int64_t reach = geometry.dilation[i] * (weight.size(dim) - 1) + 1;
    sizes.push_back((x.size(dim) + 2 * geometry.padding[i] - reach) / geometry.stride[i] + 1);
  }
  return sizes;
}

at::Tensor forward(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                   const Geometry& geometry) {
  const at::Tensor y = empty_like_sizes(convolved_sizes(x, weight, geometry), x);
  OpCommand command(geometry.is_deep() ? "Conv3D" : "Conv2D");
  command.input_as_is(x).input_as_is(weight);
  if (bias.defined()) command.input(bias);
  command.output(y);
  geometry.attrs(command).run();
  return y;
}

// The gradient of forward()'s x, which is transposed convolution too.
at::Tensor input_gradient(at::IntArrayRef sizes, const at::Tensor& weight, const at::Tensor& grad,
                          const Geometry& geometry) {
  const at::Tensor x_grad = empty_like_sizes(sizes, grad);
  OpCommand command(geometry.is_deep() ? "Conv3DBackpropInput" : "Conv2DBackpropInput");
  command.host_input(sizes, at::kInt).input_as_is(weight).input_as_is(grad).output(x_grad);
  geometry.attrs(command).run();
  return x_grad;
}

at::Tensor weight_gradient(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& grad,
                           const Geometry& geometry) {
  // The operator adds up in float and gives no bfloat16.
  const bool narrow = weight.scalar_type() == at::kBFloat16;
  const at::Tensor w_grad =
      empty_like_sizes(weight.sizes(), weight, narrow ? at::kFloat : weight.scalar_type());
  OpCommand command(geometry.is_deep() ? "Conv3DBackpropFilter" : "Conv2DBackpropFilter");
  command.input_as_is(x).host_input(weight.sizes(), at::kInt).input_as_is(grad).output(w_grad);
  geometry.attrs(command).run();
  return narrow ? cast(w_grad, weight.scalar_type()) : w_grad;
}

at::Tensor bias_gradient(const at::Tensor& grad) {
  const at::Tensor sums = empty_like_sizes({grad.size(1)}, grad);
  if (grad.numel() == 0) return sums.zero_();
  OpCommand("BiasAddGrad")
      .input(grad)
      .output(sums)
      .attr("data_format", grad.dim() == 5 ? "NCDHW" : "NCHW")
      .run();
  return sums;
}

std::vector<int64_t> transposed_sizes(const at::Tensor& input, const at::Tensor& weight,
                                      const Geometry& geometry, at::IntArrayRef extra) {
  std::vector<int64_t> sizes{input.size(0), weight.size(1) * geometry.groups};
  for (size_t i = 0; i < geometry.stride.size(); ++i) {
    const int64_t dim = static_cast<int64_t>(i) + 2;
    sizes.push_back((input.size(dim) - 1) * geometry.stride[i] - 2 * geometry.padding[i] +
                    geometry.dilation[i] * (weight.size(dim) - 1) + 1 + extra[i]);
  }
  return sizes;
}

}  // namespace

at::Tensor convolution_overrideable(const at::Tensor& input, const at::Tensor& weight,
                                    const c10::optional<at::Tensor>& bias, at::IntArrayRef stride,
                                    at::IntArrayRef padding, at::IntArrayRef dilation,
                                    bool transposed, at::IntArrayRef output_padding,
                                    int64_t groups) {
  check_devices("convolution", {input, weight, is_given(bias) ? *bias : at::Tensor()});
  const Geometry geometry = geometry_of(input, stride, padding, dilation, groups);
  if (!fits(input, weight, geometry, !transposed)) {
    check_cpu_allowed("convolution", input.scalar_type(), kTaken);
    return on_cpu("aten::convolution", "", input, weight, bias, stride, padding, dilation,
                  transposed, output_padding, groups)[0]
        .toTensor();
  }
  if (!transposed) {
    return forward(input, weight, is_given(bias) ? *bias : at::Tensor(), geometry);
  }
  const std::vector<int64_t> sizes =
      transposed_sizes(input, weight, geometry, expanded(output_padding, geometry.stride.size()));
  at::Tensor y = input_gradient(sizes, weight, input, geometry);
  if (is_given(bias)) {
    std::vector<int64_t> row(static_cast<size_t>(y.dim()), 1);
    row[1] = y.size(1);
    y.add_(bias->view(row));
  }
  return y;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward_overrideable(
    const at::Tensor& grad_output, const at::Tensor& input, const at::Tensor& weight,
    at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
    at::IntArrayRef output_padding, int64_t groups, std::array<bool, 3> output_mask) {
  check_devices("convolution_backward", {grad_output, input, weight});
  const Geometry geometry = geometry_of(input, stride, padding, dilation, groups);
  if (!fits(input, weight, geometry, transposed && output_mask[0])) {
    check_cpu_allowed("convolution_backward", input.scalar_type(), kTaken);
#if NPU_TORCH_VERSION < 20000
    return convolution_gradients_on_cpu(grad_output, input, weight, stride, padding, dilation,
                                        transposed, output_padding, groups, output_mask);
#else
    const torch::jit::Stack results =
        on_cpu("aten::convolution_backward", "", grad_output, input, weight,
               at::OptionalIntArrayRef(at::IntArrayRef(grad_output.size(1))), stride, padding,
               dilation, transposed, output_padding, groups, output_mask);
    return std::make_tuple(results[0].toTensor(), results[1].toTensor(), results[2].toTensor());
#endif
  }
  at::Tensor x_grad, w_grad, b_grad;
  if (transposed) {
    if (output_mask[0]) x_grad = forward(grad_output, weight, at::Tensor(), geometry);
    if (output_mask[1]) w_grad = weight_gradient(grad_output, weight, input, geometry);
  } else {
    if (output_mask[0]) x_grad = input_gradient(input.sizes(), weight, grad_output, geometry);
    if (output_mask[1]) w_grad = weight_gradient(input, weight, grad_output, geometry);
  }
  if (output_mask[2]) b_grad = bias_gradient(grad_output);
  return std::make_tuple(x_grad, w_grad, b_grad);
}

}  // namespace kernels
}  // namespace npu
