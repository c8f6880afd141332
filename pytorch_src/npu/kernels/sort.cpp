// Sorting along a dimension.
#include "kernels/index_support.h"
#include "kernels/sort_support.h"

namespace npu {
namespace kernels {

Sorted sorted(const at::Tensor& self, int64_t dim, bool descending, bool stable) {
  const int64_t axis = c10::maybe_wrap_dim(dim, self.dim());
  const bool is_bool = self.scalar_type() == at::kBool;
  const at::Tensor from = is_bool ? self.view(at::kByte) : self;
  Sorted result{empty_like_sizes(self.sizes(), self),
                empty_like_sizes(self.sizes(), self, at::kInt)};
  OpCommand("Sort")
      .input(at_least_1d(from))
      .output(at_least_1d(is_bool ? result.values.view(at::kByte) : result.values))
      .output(at_least_1d(result.indices))
      .attr("axis", axis)
      .attr("descending", descending)
      .attr("stable", stable)
      .run();
  result.indices = cast(result.indices, at::kLong);
  return result;
}

#if NPU_TORCH_VERSION < 20000
std::tuple<at::Tensor, at::Tensor> sort(const at::Tensor& self, int64_t dim, bool descending) {
  if (!takes(kSorted, self.scalar_type())) {
    const auto stack = on_cpu("aten::sort", "", self, dim, descending);
    return std::make_tuple(stack[0].toTensor(), stack[1].toTensor());
  }
  const Sorted result = sorted(self, dim, descending, false);
  return std::make_tuple(result.values, result.indices);
}

std::tuple<at::Tensor&, at::Tensor&> sort_values(const at::Tensor& self, int64_t dim,
                                                 bool descending, at::Tensor& values,
                                                 at::Tensor& indices) {
  const std::tuple<at::Tensor, at::Tensor> result = kernels::sort(self, dim, descending);
  give("sort", std::get<0>(result), values);
  give("sort", std::get<1>(result), indices);
  return std::tie(values, indices);
}
#else
std::tuple<at::Tensor, at::Tensor> sort_stable(const at::Tensor& self, c10::optional<bool> stable,
                                               int64_t dim, bool descending) {
  if (!takes(kSorted, self.scalar_type())) {
    const auto stack = on_cpu("aten::sort", "stable", self, stable, dim, descending);
    return std::make_tuple(stack[0].toTensor(), stack[1].toTensor());
  }
  const Sorted result = sorted(self, dim, descending, stable.value_or(false));
  return std::make_tuple(result.values, result.indices);
}

std::tuple<at::Tensor&, at::Tensor&> sort_values_stable(const at::Tensor& self,
                                                        c10::optional<bool> stable, int64_t dim,
                                                        bool descending, at::Tensor& values,
                                                        at::Tensor& indices) {
  const std::tuple<at::Tensor, at::Tensor> result = sort_stable(self, stable, dim, descending);
  give("sort", std::get<0>(result), values);
  give("sort", std::get<1>(result), indices);
  return std::tie(values, indices);
}
#endif

}  // namespace kernels
}  // namespace npu
