#include "kernels/index_plan.h"

namespace npu {
namespace kernels {

namespace {

void check_mask(const at::Tensor& self, const at::Tensor& mask, int64_t dim) {
  bool fits = dim + mask.dim() <= self.dim();
  for (int64_t d = 0; fits && d < mask.dim(); ++d) fits = mask.size(d) == self.size(dim + d);
  TORCH_CHECK_INDEX(fits, "The shape of the mask ", mask.sizes(), " at index ", dim,
                    " does not match the shape of the indexed tensor ", self.sizes());
}

// One entry for each dim of `self` that is given; undefined for a dim that is kept whole.
std::vector<at::Tensor> by_dim(const at::Tensor& self,
                               const c10::List<c10::optional<at::Tensor>>& indices) {
  std::vector<at::Tensor> result;
  for (const c10::optional<at::Tensor>& entry : indices.vec()) {
    const at::Tensor index = entry.has_value() ? *entry : at::Tensor();
    if (!index.defined()) {
      result.emplace_back();
      continue;
    }
    const at::ScalarType type = index.scalar_type();
    const at::Tensor here = index.device() == self.device() ? index : index.to(self.device());
    if (type == at::kBool || type == at::kByte) {
      check_mask(self, here, static_cast<int64_t>(result.size()));
      const at::Tensor found = here.nonzero();
      for (int64_t d = 0; d < here.dim(); ++d) result.push_back(found.select(1, d));
    } else {
      TORCH_CHECK_INDEX(type == at::kLong || type == at::kInt, "tensors used as indices must be "
                        "long, int, byte or bool tensors; this one is of ", type);
      result.push_back(here.to(at::kLong));
    }
  }
  TORCH_CHECK_INDEX(static_cast<int64_t>(result.size()) <= self.dim(),
                    "too many indices for tensor of dimension ", self.dim(), " (got ",
                    result.size(), ")");
  return result;
}

}  // namespace

std::vector<int64_t> IndexPlan::to_front() const {
  std::vector<int64_t> order = dims;
  order.insert(order.end(), others.begin(), others.end());
  return order;
}

std::vector<int64_t> IndexPlan::result_sizes(at::IntArrayRef sizes) const {
  std::vector<int64_t> result;
  for (int64_t k = 0; k < before; ++k) result.push_back(sizes[others[k]]);
  result.insert(result.end(), shape.begin(), shape.end());
  for (size_t k = before; k < others.size(); ++k) result.push_back(sizes[others[k]]);
  return result;
}

at::Tensor IndexPlan::in_place(const at::Tensor& in_front) const {
  if (before == 0) return in_front;
  const int64_t rank = static_cast<int64_t>(shape.size());
  std::vector<int64_t> order;
  for (int64_t k = 0; k < before; ++k) order.push_back(rank + k);
  for (int64_t k = 0; k < rank; ++k) order.push_back(k);
  for (int64_t k = rank + before; k < in_front.dim(); ++k) order.push_back(k);
  return in_front.permute(order);
}

at::Tensor IndexPlan::in_front(const at::Tensor& in_place) const {
  if (before == 0) return in_place;
  const int64_t rank = static_cast<int64_t>(shape.size());
  std::vector<int64_t> order;
  for (int64_t k = 0; k < rank; ++k) order.push_back(before + k);
  for (int64_t k = 0; k < before; ++k) order.push_back(k);
  for (int64_t k = before + rank; k < in_place.dim(); ++k) order.push_back(k);
  return in_place.permute(order);
}

IndexPlan plan_index(const at::Tensor& self, const c10::List<c10::optional<at::Tensor>>& indices) {
  std::vector<at::Tensor> given = by_dim(self, indices);
  IndexPlan plan;
  for (size_t d = 0; d < static_cast<size_t>(self.dim()); ++d) {
    if (d >= given.size() || !given[d].defined()) {
      plan.others.push_back(static_cast<int64_t>(d));
      continue;
    }
    plan.shape =
        plan.dims.empty() ? given[d].sizes().vec() : broadcast_sizes(plan.shape, given[d].sizes());
    plan.dims.push_back(static_cast<int64_t>(d));
    plan.indices.push_back(given[d]);
  }
  for (at::Tensor& index : plan.indices) index = index.expand(plan.shape);
  const bool side_by_side = !plan.dims.empty() && plan.dims.back() - plan.dims.front() + 1 ==
                                                      static_cast<int64_t>(plan.dims.size());
  plan.before = side_by_side ? plan.dims.front() : 0;
  return plan;
}

}  // namespace kernels
}  // namespace npu
