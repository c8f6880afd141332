// Counting numbers, and the largest and smallest so far.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

void running(const char* name, const char* axis, const at::Tensor& self, const at::Tensor& values,
             const at::Tensor& indices, int64_t dim) {
  const bool is_bool = self.scalar_type() == at::kBool;
  OpCommand(name)
      .input(is_bool ? self.view(at::kByte) : self)
      .output(is_bool ? values.view(at::kByte) : values)
      .output(indices)
      .attr(axis, c10::maybe_wrap_dim(dim, self.dim()))
      .run();
}

at::Tensor histogram(const at::Tensor& self, int64_t bins, const at::Scalar& min,
                     const at::Scalar& max) {
  const at::ScalarType type = self.scalar_type();
  if (type != at::kFloat && type != at::kHalf) {
    return on_cpu("aten::histc", "", self, bins, min, max)[0].toTensor();
  }
  TORCH_CHECK(bins > 0, "histc: bins is ", bins, "; a positive number is expected");
  const at::Tensor out = empty_like_sizes({bins}, self, at::kFloat);
  OpCommand("Histogram")
      .input(self)
      .output(out)
      .attr("bins", bins)
      .attr("min", min.toDouble())
      .attr("max", max.toDouble())
      .run();
  return cast(out, type);
}

}  // namespace

void _cummax_helper(const at::Tensor& self, at::Tensor& values, at::Tensor& indices, int64_t dim) {
  running("Cummax", "dim", self, values, indices, dim);
}

void _cummin_helper(const at::Tensor& self, at::Tensor& values, at::Tensor& indices, int64_t dim) {
  running("Cummin", "axis", self, values, indices, dim);
}

at::Tensor histc(const at::Tensor& self, int64_t bins, ScalarArg min, ScalarArg max) {
  return histogram(self, bins, min, max);
}

at::Tensor& histc_out(const at::Tensor& self, int64_t bins, ScalarArg min, ScalarArg max,
                      at::Tensor& out) {
  give("histc", histogram(self, bins, min, max), out);
  return out;
}

at::Tensor bincount(const at::Tensor& self, const c10::optional<at::Tensor>& weights,
                    int64_t minlength) {
  TORCH_CHECK(self.dim() == 1 && at::isIntegralType(self.scalar_type(), false),
              "bincount only supports 1-d non-negative integral inputs; this one has shape ",
              self.sizes(), " and is of ", self.scalar_type());
  TORCH_CHECK(minlength >= 0, "bincount: minlength is ", minlength, "; it cannot be negative");
  TORCH_CHECK(!is_given(weights) || weights->sizes() == self.sizes(),
              "bincount: the weights must have the input's shape, ", self.sizes());
  at::Tensor counted = empty_like_sizes(self.sizes(), self, at::kLong).fill_(1);
  if (is_given(weights)) {
    counted = cast(*weights, weights->scalar_type() == at::kFloat ? at::kFloat : at::kDouble);
  }
  if (self.numel() == 0) {
    return empty_like_sizes({minlength}, self, at::kLong).zero_();
  }
  const int64_t least = self.min().item().toLong();
  const int64_t most = self.max().item().toLong();
  TORCH_CHECK(least >= 0 && most <= std::numeric_limits<int32_t>::max() - 1,
              "bincount: the input has numbers from ", least, " to ", most,
              "; 0 to 2147483646 are allowed");
  const int64_t size = std::max(minlength, most + 1);
  const at::Tensor out = empty_like_sizes({size}, self, counted.scalar_type());
  OpCommand("Bincount")
      .input(cast(self, at::kInt))
      .host_scalar(size, at::kInt)
      .input(counted)
      .output(out)
      .run();
  return out;
}

}  // namespace kernels
}  // namespace npu
