// The largest, the k-th and the middle numbers along a dimension.
#include "kernels/sort_support.h"

namespace npu {
namespace kernels {

namespace {

using Pair = std::tuple<at::Tensor, at::Tensor>;

Pair top(const at::Tensor& self, int64_t k, int64_t dim, bool largest, bool sorted) {
  const at::ScalarType type = self.scalar_type();
  if (type == at::kBool || !takes(kReals, type)) {
    const auto stack = on_cpu("aten::topk", "", self, k, dim, largest, sorted);
    return Pair(stack[0].toTensor(), stack[1].toTensor());
  }
  const int64_t axis = c10::maybe_wrap_dim(dim, self.dim());
  const at::Tensor from = at_least_1d(self);
  TORCH_CHECK(k >= 0 && k <= from.size(axis), "topk: k is ", k, " and dim ", axis, " has ",
              from.size(axis), " elements; 0 to that many are allowed");
  std::vector<int64_t> sizes = from.sizes().vec();
  sizes[axis] = k;
  const at::Tensor values = empty_like_sizes(sizes, self);
  const at::Tensor indices = empty_like_sizes(sizes, self, at::kInt);
  OpCommand("TopKV2")
      .input(from)
      .host_scalar(k, at::kInt)
      .output(values)
      .output(indices)
      .attr("sorted", sorted)
      .attr("dim", axis)
      .attr("largest", largest)
      .run();
  const at::Tensor places = cast(indices, at::kLong);
  if (self.dim() > 0) return Pair(values, places);
  return Pair(values.reshape({}), places.reshape({}));
}

// The k-th smallest, counted from 0.
Pair nth(const at::Tensor& self, int64_t k, int64_t dim) {
  const Sorted all = sorted(at_least_1d(self), dim, false, true);
  return Pair(all.values.select(dim, k), all.indices.select(dim, k));
}

// Numbers that are no numbers come last when sorted, and decide a median.
Pair middle(const at::Tensor& self, int64_t dim) {
  const at::Tensor from = at_least_1d(self);
  const int64_t count = from.size(dim);
  const Sorted all = sorted(from, dim, false, true);
  const at::Tensor value = all.values.select(dim, (count - 1) / 2);
  const at::Tensor place = all.indices.select(dim, (count - 1) / 2);
  if (!self.is_floating_point()) return Pair(value, place);
  const at::Tensor last = all.values.select(dim, count - 1);
  const at::Tensor is_nan = last.ne(last);
  return Pair(at::where(is_nan, last, value),
              at::where(is_nan, all.indices.select(dim, count - 1), place));
}

void put(const char* op, const Pair& pair, int64_t dim, bool keepdim, const at::Tensor& self,
         const at::Tensor& values, const at::Tensor& indices) {
  const bool keeps = keepdim && self.dim() > 0;
  give(op, keeps ? std::get<0>(pair).unsqueeze(dim) : std::get<0>(pair), values);
  give(op, keeps ? std::get<1>(pair).unsqueeze(dim) : std::get<1>(pair), indices);
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> topk(const at::Tensor& self, int64_t k, int64_t dim,
                                        bool largest, bool sorted) {
  return top(self, k, dim, largest, sorted);
}

std::tuple<at::Tensor&, at::Tensor&> topk_values(const at::Tensor& self, int64_t k, int64_t dim,
                                                 bool largest, bool sorted, at::Tensor& values,
                                                 at::Tensor& indices) {
  const Pair pair = top(self, k, dim, largest, sorted);
  give("topk", std::get<0>(pair), values);
  give("topk", std::get<1>(pair), indices);
  return std::tie(values, indices);
}

std::tuple<at::Tensor&, at::Tensor&> kthvalue_values(const at::Tensor& self, int64_t k, int64_t dim,
                                                     bool keepdim, at::Tensor& values,
                                                     at::Tensor& indices) {
  if (!takes(kSorted, self.scalar_type())) {
    on_cpu("aten::kthvalue", "values", self, k, dim, keepdim, values, indices);
    return std::tie(values, indices);
  }
  const int64_t axis = c10::maybe_wrap_dim(dim, self.dim());
  const int64_t count = self.dim() == 0 ? 1 : self.size(axis);
  TORCH_CHECK(k >= 1 && k <= count, "kthvalue(): selected number k out of range for dimension ",
              dim, ": k is ", k, "; 1 to ", count, " are allowed");
  put("kthvalue", nth(self, k - 1, axis), axis, keepdim, self, values, indices);
  return std::tie(values, indices);
}

at::Tensor median(const at::Tensor& self) {
  if (!takes(kSorted, self.scalar_type())) return on_cpu("aten::median", "", self)[0].toTensor();
  TORCH_CHECK(self.numel() > 0 || self.is_floating_point(),
              "median: the tensor is empty, and there is no nan of its type");
  if (self.numel() == 0) return number_beside(NAN, self, self.scalar_type());
  return std::get<0>(middle(self.reshape({-1}), 0));
}

std::tuple<at::Tensor&, at::Tensor&> median_dim_values(const at::Tensor& self, int64_t dim,
                                                       bool keepdim, at::Tensor& values,
                                                       at::Tensor& indices) {
  if (!takes(kSorted, self.scalar_type())) {
    on_cpu("aten::median", "dim_values", self, dim, keepdim, values, indices);
    return std::tie(values, indices);
  }
  const int64_t axis = c10::maybe_wrap_dim(dim, self.dim());
  TORCH_CHECK_INDEX(self.dim() == 0 || self.size(axis) > 0, "median: dim ", axis,
                    " has no elements");
  put("median", middle(self, axis), axis, keepdim, self, values, indices);
  return std::tie(values, indices);
}

}  // namespace kernels
}  // namespace npu
