// Average and adaptive pooling, in two and three dimensions.
#include "kernels/support.h"
#include "kernels/window.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kWindowed = bit(at::kFloat) | bit(at::kHalf) | bit(at::kDouble);
constexpr Types kAdaptive = bit(at::kFloat) | bit(at::kHalf) | bit(at::kBFloat16);

// Windows over the last two or three dims.
struct Average {
  std::vector<int64_t> kernel, stride, padding;
  bool ceil, counts_padding;
  int64_t divisor;  // 0: the size of the window

  Average(size_t dims, at::IntArrayRef kernel_size, at::IntArrayRef strides,
          at::IntArrayRef paddings, bool ceil_mode, bool count_include_pad,
          c10::optional<int64_t> divisor_override)
      : kernel(expanded(kernel_size, dims)),
        stride(strides.empty() ? kernel : expanded(strides, dims)),
        padding(expanded(paddings, dims)),
        ceil(ceil_mode),
        counts_padding(count_include_pad),
        divisor(divisor_override.has_value() ? *divisor_override : 0) {
    TORCH_CHECK(!divisor_override.has_value() || divisor != 0, "avg_pool: divisor must not be 0");
  }

  size_t dims() const { return kernel.size(); }

  std::vector<int64_t> pooled(const at::Tensor& input) const {
    std::vector<int64_t> sizes = input.sizes().vec();
    const size_t first = sizes.size() - dims();
    for (size_t i = 0; i < dims(); ++i) {
      int64_t& size = sizes[first + i];
      size = window_count(size, kernel[i], stride[i], padding[i], 1, ceil);
      TORCH_CHECK(size > 0, "avg_pool: windows of ", kernel, " do not fit into an input of shape ",
                  input.sizes());
    }
    return sizes;
  }

  // Of AvgPool3D, and of AvgPoolV2 for two dims.
  void attrs(OpCommand& command) const {
    const bool deep = dims() == 3;
    command.attr("ksize", with_channels(kernel))
        .attr("strides", with_channels(stride))
        .attr("pads", both_sides(padding))
        .attr("ceil_mode", ceil)
        .attr("data_format", deep ? "NCDHW" : "NCHW");
    if (deep) {
      command.attr("count_include_pad", counts_padding).attr("divisor_override", divisor);
    } else {
      command.attr("padding_mode", "CALCULATED").attr("exclusive", !counts_padding);
    }
  }
};

// With samples in front, as the operators want it.
at::Tensor batched(const at::Tensor& tensor, size_t dims) {
  return static_cast<size_t>(tensor.dim()) == dims + 1 ? tensor.unsqueeze(0) : tensor;
}

void pool(const at::Tensor& input, const Average& average, at::Tensor& out) {
  const size_t dims = average.dims();
  const at::ScalarType type = input.scalar_type();
  resize_output(out, average.pooled(input));
  const bool direct = (kWindowed & bit(type)) != 0;
  const at::Tensor to = direct ? out : empty_like_sizes(out.sizes(), input, at::kFloat);
  OpCommand command(dims == 3 ? "AvgPool3D" : "AvgPoolV2");
  command.input(batched(direct ? input : cast(input, at::kFloat), dims)).output(batched(to, dims));
  average.attrs(command);
  if (dims == 2) command.attr("divisor_override", average.divisor);
  command.run();
  if (!direct) npu::copy_(out, to, true);
}

void pool_backward(const at::Tensor& grad, const at::Tensor& input, const Average& average,
                   at::Tensor& grad_input) {
  const size_t dims = average.dims();
  resize_output(grad_input, input.sizes());
  const bool direct = (kWindowed & bit(input.scalar_type())) != 0;
  const at::ScalarType type = direct ? input.scalar_type() : at::kFloat;
  const at::Tensor to = direct ? grad_input : empty_like_sizes(input.sizes(), input, type);
  OpCommand command(dims == 3 ? "AvgPool3DGrad" : "AvgPoolV2Grad");
  command.host_input(batched(input, dims).sizes(), at::kInt)
      .input(batched(cast(grad, type), dims))
      .output(batched(to, dims));
  average.attrs(command);
  command.run();
  if (!direct) npu::copy_(grad_input, to, true);
}

bool goes_to_cpu(const char* name, at::ScalarType type) {
  if ((kWindowed | bit(at::kBFloat16)) & bit(type)) return false;
  check_cpu_allowed(name, type, kWindowed | bit(at::kBFloat16));
  return true;
}

}  // namespace

at::Tensor& avg_pool2d_out(const at::Tensor& self, at::IntArrayRef kernel_size,
                           at::IntArrayRef stride, at::IntArrayRef padding, bool ceil_mode,
                           bool count_include_pad, c10::optional<int64_t> divisor_override,
                           at::Tensor& out) {
  if (goes_to_cpu("avg_pool2d", self.scalar_type())) {
    on_cpu("aten::avg_pool2d", "out", self, kernel_size, stride, padding, ceil_mode,
           count_include_pad, divisor_override, out);
    return out;
  }
  pool(self, Average(2, kernel_size, stride, padding, ceil_mode, count_include_pad,
                     divisor_override), out);
  return out;
}

at::Tensor& avg_pool2d_backward_grad_input(const at::Tensor& grad_output, const at::Tensor& self,
                                           at::IntArrayRef kernel_size, at::IntArrayRef stride,
                                           at::IntArrayRef padding, bool ceil_mode,
                                           bool count_include_pad,
                                           c10::optional<int64_t> divisor_override,
                                           at::Tensor& grad_input) {
  if (goes_to_cpu("avg_pool2d_backward", self.scalar_type())) {
    on_cpu("aten::avg_pool2d_backward", "grad_input", grad_output, self, kernel_size, stride,
           padding, ceil_mode, count_include_pad, divisor_override, grad_input);
    return grad_input;
  }
  const Average average(2, kernel_size, stride, padding, ceil_mode, count_include_pad,
                        divisor_override);
  if (average.divisor == 0) {
    pool_backward(grad_output, self, average, grad_input);
    return grad_input;
  }
  // AvgPoolV2Grad has no divisor: as planes of a depth of 1.
  const auto deep = [](at::IntArrayRef values, int64_t depth) {
    std::vector<int64_t> all{depth};
    all.insert(all.end(), values.begin(), values.end());
    return all;
  };
  resize_output(grad_input, self.sizes());
  at::Tensor planes = grad_input.unsqueeze(-3);
  pool_backward(grad_output.unsqueeze(-3), self.unsqueeze(-3),
                Average(3, deep(average.kernel, 1), deep(average.stride, 1),
                        deep(average.padding, 0), ceil_mode, count_include_pad, divisor_override),
                planes);
  return grad_input;
}

at::Tensor& avg_pool3d_out(const at::Tensor& self, at::IntArrayRef kernel_size,
                           at::IntArrayRef stride, at::IntArrayRef padding, bool ceil_mode,
                           bool count_include_pad, c10::optional<int64_t> divisor_override,
                           at::Tensor& out) {
  if (goes_to_cpu("avg_pool3d", self.scalar_type())) {
    on_cpu("aten::avg_pool3d", "out", self, kernel_size, stride, padding, ceil_mode,
           count_include_pad, divisor_override, out);
    return out;
  }
  pool(self, Average(3, kernel_size, stride, padding, ceil_mode, count_include_pad,
                     divisor_override), out);
  return out;
}

at::Tensor& avg_pool3d_backward_grad_input(const at::Tensor& grad_output, const at::Tensor& self,
                                           at::IntArrayRef kernel_size, at::IntArrayRef stride,
                                           at::IntArrayRef padding, bool ceil_mode,
                                           bool count_include_pad,
                                           c10::optional<int64_t> divisor_override,
                                           at::Tensor& grad_input) {
  if (goes_to_cpu("avg_pool3d_backward", self.scalar_type())) {
    on_cpu("aten::avg_pool3d_backward", "grad_input", grad_output, self, kernel_size, stride,
           padding, ceil_mode, count_include_pad, divisor_override, grad_input);
    return grad_input;
  }
  pool_backward(grad_output, self, Average(3, kernel_size, stride, padding, ceil_mode,
                                           count_include_pad, divisor_override), grad_input);
  return grad_input;
}

at::Tensor _adaptive_avg_pool2d(const at::Tensor& self, at::IntArrayRef output_size) {
  TORCH_CHECK((self.dim() == 3 || self.dim() == 4) && output_size.size() == 2,
              "adaptive_avg_pool2d: expected an input of 3 or 4 dims and an output size of 2, but "
              "got shape ", self.sizes(), " and ", output_size);
  if (!(kAdaptive & bit(self.scalar_type()))) {
    check_cpu_allowed("adaptive_avg_pool2d", self.scalar_type(), kAdaptive);
    return on_cpu("aten::_adaptive_avg_pool2d", "", self, output_size)[0].toTensor();
  }
  std::vector<int64_t> sizes = self.sizes().vec();
  std::copy(output_size.begin(), output_size.end(), sizes.end() - 2);
  const at::Tensor y = empty_like_sizes(sizes, self);
  OpCommand("AdaptiveAvgPool2d").input(self).output(y).attr("output_size", output_size).run();
  return y;
}

at::Tensor& adaptive_avg_pool2d_out(const at::Tensor& self, at::IntArrayRef output_size,
                                    at::Tensor& out) {
  const at::Tensor y = kernels::_adaptive_avg_pool2d(self, output_size);
  resize_output(out, y.sizes());
  return npu::copy_(out, y, true);
}

at::Tensor _adaptive_avg_pool2d_backward(const at::Tensor& grad_output, const at::Tensor& self) {
  if (!(kAdaptive & bit(self.scalar_type()))) {
    check_cpu_allowed("adaptive_avg_pool2d_backward", self.scalar_type(), kAdaptive);
    return on_cpu("aten::_adaptive_avg_pool2d_backward", "", grad_output, self)[0].toTensor();
  }
  const at::Tensor grad_input = empty_like_sizes(self.sizes(), self);
  OpCommand("AdaptiveAvgPool2dGrad")
      .input(grad_output)
      .output(grad_input)
      .attr("orig_input_shape", self.sizes())
      .run();
  return grad_input;
}

}  // namespace kernels
}  // namespace npu
