// The gated linear unit: one half of a dim times the sigmoid of the other.
#include "kernels/support.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kTaken = bit(at::kFloat) | bit(at::kHalf) | bit(at::kDouble);

}  // namespace

at::Tensor& glu_out(const at::Tensor& self, int64_t dim, at::Tensor& out) {
  if (!(kTaken & bit(self.scalar_type()))) {
    check_cpu_allowed("glu", self.scalar_type(), kTaken);
    on_cpu("aten::glu", "out", self, dim, out);
    return out;
  }
  TORCH_CHECK(self.dim() > 0, "glu does not support 0-dimensional tensors");
  const int64_t axis = dim < 0 ? dim + self.dim() : dim;
  TORCH_CHECK_INDEX(axis >= 0 && axis < self.dim(), "glu: dim ", dim, " is out of range for shape ",
                    self.sizes());
  std::vector<int64_t> sizes = self.sizes().vec();
  int64_t& halved = sizes[static_cast<size_t>(axis)];
  TORCH_CHECK(halved % 2 == 0, "glu: halving dimension must be even, but dimension ", axis,
              " is size ", halved);
  halved /= 2;
  resize_output(out, sizes);
  OpCommand("GLU").input(self).output(out).attr("dim", axis).run();
  return out;
}

at::Tensor glu_backward(const at::Tensor& grad_output, const at::Tensor& self, int64_t dim) {
  if (!(kTaken & bit(self.scalar_type()))) {
    check_cpu_allowed("glu_backward", self.scalar_type(), kTaken);
    return on_cpu("aten::glu_backward", "", grad_output, self, dim)[0].toTensor();
  }
  const at::Tensor grad_input = empty_like_sizes(self.sizes(), self);
  OpCommand("GLUGrad").input(grad_output).input(self).output(grad_input).attr("dim", dim).run();
  return grad_input;
}

}  // namespace kernels
}  // namespace npu
