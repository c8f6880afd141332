// Padding with a number, with mirrored elements and with those at the edges.
#include "kernels/support.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kNumbers = bit(at::kFloat) | bit(at::kHalf) | bit(at::kBFloat16) |
                           bit(at::kDouble) | bit(at::kByte) | bit(at::kChar) | bit(at::kShort) |
                           bit(at::kInt) | bit(at::kLong) | bit(at::kComplexFloat) |
                           bit(at::kComplexDouble);

// [before, after] of every dim from the first on; ATen's lists begin with the last.
std::vector<int64_t> from_first(at::IntArrayRef padding, int64_t dims) {
  std::vector<int64_t> all(static_cast<size_t>(2 * dims), 0);
  for (size_t i = 0; i < padding.size(); i += 2) {
    const size_t dim = static_cast<size_t>(dims) - 1 - i / 2;
    all[2 * dim] = padding[i];
    all[2 * dim + 1] = padding[i + 1];
  }
  return all;
}

std::vector<int64_t> padded_sizes(const char* name, const at::Tensor& self,
                                  at::IntArrayRef padding) {
  TORCH_CHECK(padding.size() % 2 == 0 && static_cast<int64_t>(padding.size()) <= 2 * self.dim(),
              name, ": expected two numbers for each of at most ", self.dim(),
              " dims, but got padding ", padding);
  const std::vector<int64_t> all = from_first(padding, self.dim());
  std::vector<int64_t> sizes = self.sizes().vec();
  for (size_t dim = 0; dim < sizes.size(); ++dim) {
    const int64_t size = sizes[dim] + all[2 * dim] + all[2 * dim + 1];
    TORCH_CHECK(size >= 0, name, ": padding ", padding, " leaves ", size, " elements of dim ", dim,
                " of shape ", self.sizes());
    sizes[dim] = size;
  }
  return sizes;
}

// Padding is copying, so bool goes as the bytes that it is.
at::Tensor as_number(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kBool ? cast(tensor, at::kByte) : tensor;
}

at::Tensor& pad_edges(const char* name, const char* mode, const at::Tensor& self,
                      at::IntArrayRef padding, size_t dims, at::Tensor& out) {
  TORCH_CHECK(padding.size() == 2 * dims, name, ": expected a padding of ", 2 * dims,
              " numbers, but got ", padding);
  resize_output(out, padded_sizes(name, self, padding));
  OpCommand("PadV3")
      .input(self)
      .host_input(from_first(padding, self.dim()))
      .no_input()
      .output(out)
      .attr("mode", mode)
      .run();
  return out;
}

at::Tensor& fold_edges(const char* name, const char* mode, const at::Tensor& grad,
                       const at::Tensor& self, at::IntArrayRef padding, at::Tensor& grad_input) {
  check_devices(name, {grad, self});
  resize_output(grad_input, self.sizes());
  OpCommand("PadV3Grad")
      .input(grad)
      .host_input(from_first(padding, self.dim()))
      .output(grad_input)
      .attr("mode", mode)
      .run();
  return grad_input;
}

}  // namespace

at::Tensor constant_pad_nd(const at::Tensor& self, at::IntArrayRef pad, ScalarArg value) {
  const std::vector<int64_t> sizes = padded_sizes("constant_pad_nd", self, pad);
  const at::Tensor given = as_number(self);
  if (!(kNumbers & bit(given.scalar_type()))) {
    check_cpu_allowed("constant_pad_nd", self.scalar_type(), kNumbers | bit(at::kBool));
    return on_cpu("aten::constant_pad_nd", "", self, pad, value)[0].toTensor();
  }
  if (self.numel() == 0) return at::full(sizes, value, self.options());
  if (self.dim() == 0) return self.clone();
  const at::Tensor made = empty_like_sizes(sizes, given);
  OpCommand("PadV3")
      .input(given)
      .host_input(from_first(pad, self.dim()))
      .host_scalar(self.scalar_type() == at::kBool ? at::Scalar(value.toBool() ? 1 : 0) : value,
                   given.scalar_type())
      .output(made)
      .attr("mode", "constant")
      .run();
  return cast(made, self.scalar_type());
}

at::Tensor& reflection_pad1d_out(const at::Tensor& self, at::IntArrayRef padding, at::Tensor& out) {
  return pad_edges("reflection_pad1d", "reflect", self, padding, 1, out);
}

at::Tensor& reflection_pad1d_backward_grad_input(const at::Tensor& grad_output,
                                                 const at::Tensor& self, at::IntArrayRef padding,
                                                 at::Tensor& grad_input) {
  return fold_edges("reflection_pad1d_backward", "reflect", grad_output, self, padding, grad_input);
}

at::Tensor& reflection_pad2d_out(const at::Tensor& self, at::IntArrayRef padding, at::Tensor& out) {
  return pad_edges("reflection_pad2d", "reflect", self, padding, 2, out);
}

at::Tensor& reflection_pad2d_backward_grad_input(const at::Tensor& grad_output,
                                                 const at::Tensor& self, at::IntArrayRef padding,
                                                 at::Tensor& grad_input) {
  return fold_edges("reflection_pad2d_backward", "reflect", grad_output, self, padding, grad_input);
}

#if NPU_TORCH_VERSION >= 20000
at::Tensor& reflection_pad3d_out(const at::Tensor& self, at::IntArrayRef padding, at::Tensor& out) {
  return pad_edges("reflection_pad3d", "reflect", self, padding, 3, out);
}

at::Tensor& reflection_pad3d_backward_grad_input(const at::Tensor& grad_output,
                                                 const at::Tensor& self, at::IntArrayRef padding,
                                                 at::Tensor& grad_input) {
  return fold_edges("reflection_pad3d_backward", "reflect", grad_output, self, padding, grad_input);
}
#endif

at::Tensor& replication_pad1d_out(const at::Tensor& self, at::IntArrayRef padding,
                                  at::Tensor& out) {
  return pad_edges("replication_pad1d", "edge", self, padding, 1, out);
}

at::Tensor& replication_pad1d_backward_grad_input(const at::Tensor& grad_output,
                                                  const at::Tensor& self, at::IntArrayRef padding,
                                                  at::Tensor& grad_input) {
  return fold_edges("replication_pad1d_backward", "edge", grad_output, self, padding, grad_input);
}

at::Tensor& replication_pad2d_out(const at::Tensor& self, at::IntArrayRef padding,
                                  at::Tensor& out) {
  return pad_edges("replication_pad2d", "edge", self, padding, 2, out);
}

at::Tensor& replication_pad2d_backward_grad_input(const at::Tensor& grad_output,
                                                  const at::Tensor& self, at::IntArrayRef padding,
                                                  at::Tensor& grad_input) {
  return fold_edges("replication_pad2d_backward", "edge", grad_output, self, padding, grad_input);
}

at::Tensor& replication_pad3d_out(const at::Tensor& self, at::IntArrayRef padding,
                                  at::Tensor& out) {
  return pad_edges("replication_pad3d", "edge", self, padding, 3, out);
}

at::Tensor& replication_pad3d_backward_grad_input(const at::Tensor& grad_output,
                                                  const at::Tensor& self, at::IntArrayRef padding,
                                                  at::Tensor& grad_input) {
  return fold_edges("replication_pad3d_backward", "edge", grad_output, self, padding, grad_input);
}

at::Tensor reflection_pad2d(const at::Tensor& self, at::IntArrayRef padding) {
  at::Tensor out = empty_like_sizes({0}, self);
  return pad_edges("reflection_pad2d", "reflect", self, padding, 2, out);
}

at::Tensor reflection_pad2d_backward(const at::Tensor& grad_output, const at::Tensor& self,
                                     at::IntArrayRef padding) {
  at::Tensor grad_input = empty_like_sizes(self.sizes(), self);
  return fold_edges("reflection_pad2d_backward", "reflect", grad_output, self, padding, grad_input);
}

at::Tensor replication_pad1d_backward(const at::Tensor& grad_output, const at::Tensor& self,
                                      at::IntArrayRef padding) {
  at::Tensor grad_input = empty_like_sizes(self.sizes(), self);
  return fold_edges("replication_pad1d_backward", "edge", grad_output, self, padding, grad_input);
}

at::Tensor replication_pad2d_backward(const at::Tensor& grad_output, const at::Tensor& self,
                                      at::IntArrayRef padding) {
  at::Tensor grad_input = empty_like_sizes(self.sizes(), self);
  return fold_edges("replication_pad2d_backward", "edge", grad_output, self, padding, grad_input);
}

at::Tensor replication_pad3d_backward(const at::Tensor& grad_output, const at::Tensor& self,
                                      at::IntArrayRef padding) {
  at::Tensor grad_input = empty_like_sizes(self.sizes(), self);
  return fold_edges("replication_pad3d_backward", "edge", grad_output, self, padding, grad_input);
}

}  // namespace kernels
}  // namespace npu
