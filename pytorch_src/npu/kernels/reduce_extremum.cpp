// The largest and the smallest along a dimension, with where they are.
#include <ATen/WrapDimUtils.h>

#include "kernels/reduction.h"

namespace npu {
namespace kernels {

namespace {

using Pair = std::tuple<at::Tensor, at::Tensor>;

// AscendCL's ...WithValue operators take fewer types and 32-bit indices; this takes every type that
// the index operators take, and looks the values up.
Pair extremum(const char* name, const char* op, const at::Tensor& self, int64_t dim, bool keepdim) {
  const int64_t axis = at::maybe_wrap_dim(dim, self.dim());
  if (self.dim() == 0) return Pair(self.clone(), at::zeros({}, self.options().dtype(at::kLong)));
  TORCH_CHECK(self.size(axis) > 0, name, ": expected a reduction dim with a size above 0, and dim ",
              axis, " has none");
  const at::Tensor given = self.scalar_type() == at::kBool ? cast(self, at::kByte) : self;
  check_type(name, given.scalar_type(),
             {at::kHalf, at::kBFloat16, at::kFloat, at::kDouble, at::kByte, at::kChar, at::kShort,
              at::kInt, at::kLong});
  std::vector<int64_t> sizes = self.sizes().vec();
  sizes.erase(sizes.begin() + axis);
  at::Tensor indices = empty_like_sizes(sizes, self, at::kLong);
  OpCommand(op)
      .input(given)
      .host_scalar(axis, at::kInt)
      .output(indices)
      .attr("dtype", at::kLong)
      .run();
  indices = indices.unsqueeze(axis);
  at::Tensor values = at::gather(self, axis, indices);
  if (keepdim) return Pair(values, indices);
  return Pair(values.squeeze(axis), indices.squeeze(axis));
}

std::tuple<at::Tensor&, at::Tensor&> give(const Pair& found, at::Tensor& values,
                                          at::Tensor& indices) {
  resize_output(values, std::get<0>(found).sizes());
  resize_output(indices, std::get<1>(found).sizes());
  npu::copy_(values, std::get<0>(found), true);
  npu::copy_(indices, std::get<1>(found), true);
  return std::tuple<at::Tensor&, at::Tensor&>(values, indices);
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> max_dim(const at::Tensor& self, int64_t dim, bool keepdim) {
  return extremum("max.dim", "ArgMaxV2", self, dim, keepdim);
}

std::tuple<at::Tensor&, at::Tensor&> max_dim_max(const at::Tensor& self, int64_t dim, bool keepdim,
                                                 at::Tensor& max, at::Tensor& max_values) {
  return give(max_dim(self, dim, keepdim), max, max_values);
}

std::tuple<at::Tensor, at::Tensor> min_dim(const at::Tensor& self, int64_t dim, bool keepdim) {
  return extremum("min.dim", "ArgMin", self, dim, keepdim);
}

std::tuple<at::Tensor&, at::Tensor&> min_dim_min(const at::Tensor& self, int64_t dim, bool keepdim,
                                                 at::Tensor& min, at::Tensor& min_indices) {
  return give(min_dim(self, dim, keepdim), min, min_indices);
}

#if NPU_TORCH_VERSION < 20000
std::tuple<at::Tensor, at::Tensor> _aminmax(const at::Tensor& self) {
  return Pair(at::min(self), at::max(self));
}

std::tuple<at::Tensor, at::Tensor> _aminmax_dim(const at::Tensor& self, int64_t dim, bool keepdim) {
  return Pair(at::amin(self, dim, keepdim), at::amax(self, dim, keepdim));
}
#else
std::tuple<at::Tensor, at::Tensor> aminmax(const at::Tensor& self, c10::optional<int64_t> dim,
                                           bool keepdim) {
  std::vector<int64_t> dims;
  if (dim.has_value()) dims.push_back(*dim);
  return Pair(at::amin(self, dims, keepdim), at::amax(self, dims, keepdim));
}
#endif

}  // namespace kernels
}  // namespace npu
