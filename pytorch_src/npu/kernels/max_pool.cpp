// Max pooling with places, in one and two dimensions, and its gradients.
#include <limits>

#include "kernels/support.h"
#include "kernels/window.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kFloatTypes =
    bit(at::kFloat) | bit(at::kHalf) | bit(at::kBFloat16) | bit(at::kDouble);

// Windows over the last two dims, and the sizes of what they pool.
struct Windows {
  std::vector<int64_t> kernel, stride, padding;
  int64_t planes, height, width;  // of the input; samples and channels are planes alike
  std::vector<int64_t> pooled;    // sizes of the result

  // How many elements behind the input the last window reaches.
  int64_t behind(size_t axis) const {
    const int64_t count = pooled[pooled.size() - 2 + axis];
    const int64_t size = axis == 0 ? height : width;
    return std::max<int64_t>((count - 1) * stride[axis] + kernel[axis] - size - padding[axis], 0);
  }
};

Windows windows_of(const at::Tensor& self, at::IntArrayRef kernel, at::IntArrayRef stride,
                   at::IntArrayRef padding, bool ceil) {
  TORCH_CHECK(self.dim() == 3 || self.dim() == 4, "max_pool2d: expected an input of 3 or 4 dims, ",
              "but got shape ", self.sizes());
  Windows windows;
  windows.kernel = expanded(kernel, 2);
  windows.stride = stride.empty() ? windows.kernel : expanded(stride, 2);
  windows.padding = expanded(padding, 2);
  windows.height = self.size(-2);
  windows.width = self.size(-1);
  windows.planes = 1;
  for (int64_t dim = 0; dim < self.dim() - 2; ++dim) windows.planes *= self.size(dim);
  windows.pooled = self.sizes().vec();
  for (size_t i = 0; i < 2; ++i) {
    int64_t& size = windows.pooled[windows.pooled.size() - 2 + i];
    TORCH_CHECK(windows.padding[i] * 2 <= windows.kernel[i], "max_pool2d: padding ",
                windows.padding, " must be at most half of the window ", windows.kernel);
    size = window_count(size, windows.kernel[i], windows.stride[i], windows.padding[i], 1, ceil);
    TORCH_CHECK(size > 0, "max_pool2d: windows of ", windows.kernel,
                " do not fit into an input of shape ", self.sizes());
  }
  return windows;
}

// The planes with what no window chooses around them.
at::Tensor padded_planes(const at::Tensor& self, const Windows& windows) {
  const std::vector<int64_t>& before = windows.padding;
  const int64_t rows = windows.behind(0), columns = windows.behind(1);
  const at::Tensor planes = contiguous(self).view({windows.planes, windows.height, windows.width});
  if (before[0] == 0 && before[1] == 0 && rows == 0 && columns == 0) return planes;
  const at::Tensor padded = empty_like_sizes(
      {windows.planes, before[0] + windows.height + rows, before[1] + windows.width + columns},
      self);
  OpCommand("PadV3")
      .input(planes)
      .host_input({0, 0, before[0], rows, before[1], columns})
      .host_scalar(-std::numeric_limits<double>::infinity(), self.scalar_type())
      .output(padded)
      .attr("mode", "constant")
      .run();
  return padded;
}

// From places in a padded plane to places in the plane itself.
void cut_padding(at::Tensor& indices, const Windows& windows, int64_t padded_width) {
  const int64_t border = windows.padding[0] * windows.width + windows.padding[1];
  if (padded_width != windows.width) {
    const at::Tensor row = at::floor_divide(indices, padded_width);
    indices.sub_(row, padded_width - windows.width);
  }
  if (border != 0) indices.sub_(border);
}

// What arrives at each place of each plane, added up.
void scatter_gradient(const char* name, const at::Tensor& grad, const at::Tensor& self,
                      const at::Tensor& indices, at::Tensor& grad_input) {
  check_devices(name, {grad, self, indices});
  resize_output(grad_input, self.sizes());
  grad_input.zero_();
  if (grad.numel() == 0) return;
  const bool direct = grad_input.is_contiguous();
  const at::Tensor sum = direct ? grad_input : at::zeros(self.sizes(), self.options());
  const int64_t size = self.size(-2) * self.size(-1);
  const at::Tensor flat = sum.view({-1, size});
  const int64_t planes = flat.size(0);
  OpCommand("ScatterElementsV2")
      .input(flat)
      .input(contiguous(indices).view({planes, -1}))
      .input(cast(grad, self.scalar_type()).view({planes, -1}))
      .output(flat)
      .attr("axis", 1)
      .attr("reduction", "add")
      .run();
  if (!direct) npu::copy_(grad_input, sum, true);
}

bool goes_to_cpu(const char* name, const at::Tensor& self, bool fits) {
  if (fits && (kFloatTypes & bit(self.scalar_type()))) return false;
  check_cpu_allowed(name, self.scalar_type(), fits ? kFloatTypes : 0);
  return true;
}

}  // namespace

std::tuple<at::Tensor&, at::Tensor&> max_pool2d_with_indices_out(
    const at::Tensor& self, at::IntArrayRef kernel_size, at::IntArrayRef stride,
    at::IntArrayRef padding, at::IntArrayRef dilation, bool ceil_mode, at::Tensor& out,
    at::Tensor& indices) {
  const bool dense =
      std::all_of(dilation.begin(), dilation.end(), [](int64_t step) { return step == 1; });
  if (goes_to_cpu("max_pool2d", self, dense)) {
    on_cpu("aten::max_pool2d_with_indices", "out", self, kernel_size, stride, padding, dilation,
           ceil_mode, out, indices);
    return std::forward_as_tuple(out, indices);
  }
  const Windows windows = windows_of(self, kernel_size, stride, padding, ceil_mode);
  resize_output(out, windows.pooled);
  resize_output(indices, windows.pooled);
  const at::Tensor x = padded_planes(self, windows);
  // As images of one channel each, so that a place within an image is one within a plane.
  const std::vector<int64_t> images{windows.planes, windows.pooled[windows.pooled.size() - 2],
                                    windows.pooled.back(), 1};
  const at::Tensor y = empty_like_sizes(images, self);
  const at::Tensor places = empty_like_sizes(images, self, at::kLong);
  OpCommand("MaxPoolWithArgmax")
      .input(x.unsqueeze(-1)).input_format(ACL_FORMAT_NHWC)
      .output(y).output_format(ACL_FORMAT_NHWC)
      .output(places).output_format(ACL_FORMAT_NHWC)
      .attr("ksize", at::IntArrayRef({1, windows.kernel[0], windows.kernel[1], 1}))
      .attr("strides", at::IntArrayRef({1, windows.stride[0], windows.stride[1], 1}))
      .attr("padding", "VALID")
      .attr("Targmax", 9)  // int64
      .run();
  at::Tensor place = places.view(windows.pooled);
  cut_padding(place, windows, x.size(-1));
  npu::copy_(out, y.view(windows.pooled), true);
  npu::copy_(indices, place, true);
  return std::forward_as_tuple(out, indices);
}

at::Tensor& max_pool2d_with_indices_backward_grad_input(
    const at::Tensor& grad_output, const at::Tensor& self, at::IntArrayRef kernel_size,
    at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool ceil_mode,
    const at::Tensor& indices, at::Tensor& grad_input) {
  if (goes_to_cpu("max_pool2d_backward", self, true)) {
    on_cpu("aten::max_pool2d_with_indices_backward", "grad_input", grad_output, self, kernel_size,
           stride, padding, dilation, ceil_mode, indices, grad_input);
    return grad_input;
  }
  scatter_gradient("max_pool2d_backward", grad_output, self, indices, grad_input);
  return grad_input;
}

std::tuple<at::Tensor&, at::Tensor&> adaptive_max_pool2d_out(const at::Tensor& self,
                                                             at::IntArrayRef output_size,
                                                             at::Tensor& out, at::Tensor& indices) {
  if (goes_to_cpu("adaptive_max_pool2d", self, true)) {
    on_cpu("aten::adaptive_max_pool2d", "out", self, output_size, out, indices);
    return std::forward_as_tuple(out, indices);
  }
  TORCH_CHECK(self.dim() == 3 || self.dim() == 4, "adaptive_max_pool2d: expected an input of 3 or ",
              "4 dims, but got shape ", self.sizes());
  std::vector<int64_t> sizes = self.sizes().vec();
  std::copy(output_size.begin(), output_size.end(), sizes.end() - 2);
  resize_output(out, sizes);
  resize_output(indices, sizes);
  OpCommand("AdaptiveMaxPool2d")
      .input(self)
      .output(out)
      .output(indices)
      .attr("output_size", output_size)
      .run();
  return std::forward_as_tuple(out, indices);
}

at::Tensor& adaptive_max_pool2d_backward_grad_input(const at::Tensor& grad_output,
                                                    const at::Tensor& self,
                                                    const at::Tensor& indices,
                                                    at::Tensor& grad_input) {
  if (goes_to_cpu("adaptive_max_pool2d_backward", self, true)) {
    on_cpu("aten::adaptive_max_pool2d_backward", "grad_input", grad_output, self, indices,
           grad_input);
    return grad_input;
  }
  scatter_gradient("adaptive_max_pool2d_backward", grad_output, self, indices, grad_input);
  return grad_input;
}

}  // namespace kernels
}  // namespace npu
