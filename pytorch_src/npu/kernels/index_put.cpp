// x[i, j] = values, and += values, with tensors as indices.
#include "kernels/index_plan.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kAddedAtPoints =
    bit(at::kFloat) | bit(at::kHalf) | bit(at::kInt) | bit(at::kChar) | bit(at::kByte);
constexpr Types kAddedToRows = kReals | bit(at::kBool);

// Operators that write count from the front only.
at::Tensor from_front(const at::Tensor& index, int64_t size) {
  return at::where(index.lt(0), index.add(size), index);
}

// Rows of `work`, seen as [points, width], that the indices name. An index that is out of range
// leads out of the whole, so that the operator refuses it.
at::Tensor row_numbers(const IndexPlan& plan, const at::Tensor& work) {
  at::Tensor rows;
  at::Tensor outside;
  int64_t count = 1;
  for (size_t k = 0; k < plan.indices.size(); ++k) {
    const int64_t size = work.size(static_cast<int64_t>(k));
    const at::Tensor index = from_front(plan.indices[k], size);
    const at::Tensor beyond = index.lt(0).logical_or(index.ge(size));
    rows = rows.defined() ? rows.mul(size).add(index) : index;
    outside = outside.defined() ? outside.logical_or(beyond) : beyond;
    count *= size;
  }
  return rows.masked_fill(outside, count).reshape({-1});
}

void add_at_rows(const IndexPlan& plan, const at::Tensor& work, const at::Tensor& values) {
  const int64_t depth = static_cast<int64_t>(plan.dims.size());
  int64_t count = 1;
  for (int64_t d = 0; d < depth; ++d) count *= work.size(d);
  const at::Tensor rows = work.view({count, work.numel() / count});
  const at::Tensor numbers = row_numbers(plan, work);
  OpCommand("InplaceIndexAdd")
      .input(rows)
      .input(numbers)
      .input(values.reshape({numbers.numel(), rows.size(1)}))
      .no_input()
      .output(rows)
      .attr("axis", 0)
      .run();
}

void write(const IndexPlan& plan, const at::Tensor& work, const at::Tensor& values,
           bool accumulate) {
  const at::ScalarType type = work.scalar_type();
  if (accumulate && !takes(kAddedAtPoints, type) && takes(kAddedToRows, type)) {
    return add_at_rows(plan, work, values);
  }
  std::vector<at::Tensor> columns;
  for (size_t k = 0; k < plan.indices.size(); ++k) {
    columns.push_back(from_front(plan.indices[k], work.size(static_cast<int64_t>(k))));
  }
  OpCommand(accumulate ? "ScatterNdAdd" : "ScatterNdUpdate")
      .input(work)
      .input(columns.size() == 1 ? columns[0].unsqueeze(-1) : at::stack(columns, -1))
      .input(values)
      .output(work)
      .run();
}

// x[mask] = number needs no indices, and no waiting for how many there are.
bool is_masked_fill(const at::Tensor& self, const c10::List<c10::optional<at::Tensor>>& indices,
                    const at::Tensor& values) {
  if (indices.size() == 0 || values.numel() != 1) return false;
  for (size_t k = 0; k < indices.size(); ++k) {
    const c10::optional<at::Tensor> entry = indices.get(k);
    const bool is_given = entry.has_value() && entry->defined();
    if (is_given != (k == 0)) return false;
  }
  const at::Tensor mask = *indices.get(0);
  return mask.scalar_type() == at::kBool && mask.device() == self.device() && mask.dim() > 0 &&
         mask.dim() <= self.dim() && mask.sizes() == self.sizes().slice(0, mask.dim());
}

}  // namespace

at::Tensor& _index_put_impl_(at::Tensor& self, const c10::List<c10::optional<at::Tensor>>& indices,
                             const at::Tensor& values, bool accumulate, bool) {
  TORCH_CHECK_INDEX(self.scalar_type() == values.scalar_type(),
                    "Index put requires the source and "
                    "destination dtypes match, got ",
                    self.scalar_type(), " for the destination and ", values.scalar_type(),
                    " for the source.");
  TORCH_CHECK(is_npu(values) || values.dim() == 0, "index_put_: the values are on ",
              values.device(), " and the tensor on ", self.device(),
              "; both must be on one device");
  if (!accumulate && is_masked_fill(self, indices, values)) {
    at::Tensor mask = *indices.get(0);
    while (mask.dim() < self.dim()) mask = mask.unsqueeze(-1);
    return self.masked_fill_(mask, values.reshape({}));
  }
  const IndexPlan plan = plan_index(self, indices);
  const at::Tensor given = is_npu(values) ? values : values.to(self.device());
  if (plan.dims.empty()) return accumulate ? self.add_(given) : self.copy_(given);
  const std::vector<int64_t> wanted = plan.result_sizes(self.sizes());
  // Values may have more dims of 1 in front than the result has.
  at::Tensor fitting = given;
  while (fitting.dim() > static_cast<int64_t>(wanted.size()) && fitting.size(0) == 1) {
    fitting = fitting.squeeze(0);
  }
  TORCH_CHECK_INDEX(
      at::IntArrayRef(broadcast_sizes(fitting.sizes(), wanted)) == at::IntArrayRef(wanted),
      "shape mismatch: value tensor of shape ", given.sizes(),
      " cannot be broadcast to indexing result of shape ", at::IntArrayRef(wanted));
  fitting = plan.in_front(fitting.expand(wanted));
  if (fitting.numel() == 0) return self;
  write_in_place(self.permute(plan.to_front()),
                 [&](const at::Tensor& work) { write(plan, work, fitting, accumulate); });
  return self;
}

}  // namespace kernels
}  // namespace npu
