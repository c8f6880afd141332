// Each value once. How many there are follows from the data, so these wait for the device.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

using Triple = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

// As many as the data has of what was room for.
at::Tensor cut(const at::Tensor& room, const std::vector<int64_t>& sizes) {
  int64_t count = 1;
  for (const int64_t size : sizes) count *= size;
  return room.reshape({-1}).narrow(0, 0, count).clone().reshape(sizes);
}

at::Tensor none(const at::Tensor& self) { return empty_like_sizes({0}, self, at::kLong); }

// bool is not among the operators' types.
at::Tensor countable(const at::Tensor& self) {
  return self.scalar_type() == at::kBool ? self.view(at::kByte) : self;
}

// The operator's name, and what it gets besides the tensor.
template <class Attrs>
Triple found(const char* name, const at::Tensor& self, bool inverse, bool counts,
             at::IntArrayRef inverse_sizes, const Attrs& attrs) {
  const at::Tensor from = countable(self);
  const at::Tensor values = empty_like_sizes(self.sizes(), from);
  // Room for both in any case: with a dim the operator gives them unasked.
  const at::Tensor where = empty_like_sizes(inverse_sizes, self, at::kLong);
  const at::Tensor many = empty_like_sizes({self.numel()}, self, at::kLong);
  OpCommand command(name);
  command.input(from).output(values).output(where).output(many);
  attrs(command);
  const auto sizes = command.run_and_get_sizes();
  const at::Tensor unique = cut(values, sizes[0]);
  return Triple(self.scalar_type() == at::kBool ? unique.view(at::kBool) : unique,
                inverse ? where : none(self), counts ? cut(many, sizes[2]) : none(self));
}

Triple unique_of(const at::Tensor& self, bool sorted, bool inverse, bool counts) {
  if (!takes(kReals | bit(at::kBool), self.scalar_type())) {
    const auto stack = on_cpu("aten::_unique2", "", self, sorted, inverse, counts);
    return Triple(stack[0].toTensor(), stack[1].toTensor(), stack[2].toTensor());
  }
  if (self.numel() == 0) {
    return Triple(empty_like_sizes({0}, self),
                  inverse ? empty_like_sizes(self.sizes(), self, at::kLong) : none(self),
                  none(self));
  }
  return found("UniqueWithCountsAndSorting", at_least_1d(self), inverse, counts, self.sizes(),
               [&](OpCommand& command) {
                 command.attr("return_inverse", inverse)
                     .attr("return_counts", counts)
                     .attr("sorted", sorted);
               });
}

// Without a dim over all elements; 1000 says so to the operator.
Triple runs_of(const at::Tensor& self, bool inverse, bool counts, c10::optional<int64_t> dim) {
  const at::Tensor from = at_least_1d(self);
  const int64_t axis = dim.has_value() ? c10::maybe_wrap_dim(*dim, self.dim()) : 1000;
  std::vector<int64_t> sizes = self.sizes().vec();
  if (dim.has_value()) sizes = {from.size(axis)};
  return found("UniqueConsecutive", from, inverse, counts, sizes, [&](OpCommand& command) {
    command.attr("return_idx", inverse).attr("return_counts", counts).attr("axis", axis);
  });
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> _unique(const at::Tensor& self, bool sorted,
                                           bool return_inverse) {
  const Triple result = unique_of(self, sorted, return_inverse, false);
  return std::make_tuple(std::get<0>(result), std::get<1>(result));
}

Triple _unique2(const at::Tensor& self, bool sorted, bool return_inverse, bool return_counts) {
  return unique_of(self, sorted, return_inverse, return_counts);
}

Triple unique_consecutive(const at::Tensor& self, bool return_inverse, bool return_counts,
                          c10::optional<int64_t> dim) {
  if (self.numel() == 0 || !takes(kReals | bit(at::kBool), self.scalar_type())) {
    const auto stack =
        on_cpu("aten::unique_consecutive", "", self, return_inverse, return_counts, dim);
    return Triple(stack[0].toTensor(), stack[1].toTensor(), stack[2].toTensor());
  }
  return runs_of(self, return_inverse, return_counts, dim);
}

Triple unique_dim_consecutive(const at::Tensor& self, int64_t dim, bool return_inverse,
                              bool return_counts) {
  return kernels::unique_consecutive(self, return_inverse, return_counts,
                                     c10::optional<int64_t>(dim));
}

}  // namespace kernels
}  // namespace npu
