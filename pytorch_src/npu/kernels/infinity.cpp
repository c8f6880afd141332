// Which elements are infinite, by sign.
#include <limits>

#include "kernels/support.h"

namespace npu {
namespace kernels {

namespace {

at::Tensor& equal_to(const at::Tensor& self, double value, at::Tensor& out) {
  if (is_floating(self.scalar_type())) return at::eq_out(out, self, value);
  resize_output(out, self.sizes());
  return out.zero_();
}

}  // namespace

at::Tensor& isposinf_out(const at::Tensor& self, at::Tensor& out) {
  return equal_to(self, std::numeric_limits<double>::infinity(), out);
}

at::Tensor& isneginf_out(const at::Tensor& self, at::Tensor& out) {
  return equal_to(self, -std::numeric_limits<double>::infinity(), out);
}

}  // namespace kernels
}  // namespace npu
