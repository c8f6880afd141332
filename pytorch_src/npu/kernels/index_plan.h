// x[i, :, j]: which dims are indexed, by what, and where the result has them.
#ifndef ASCENDTORCH_NPU_KERNELS_INDEX_PLAN_H_
#define ASCENDTORCH_NPU_KERNELS_INDEX_PLAN_H_

#include "kernels/index_support.h"

namespace npu {
namespace kernels {

struct IndexPlan {
  // The index of each indexed dim, all of one shape; masks have become indices.
  std::vector<at::Tensor> indices;
  // The indexed dims, rising, and the others.
  std::vector<int64_t> dims;
  std::vector<int64_t> others;
  std::vector<int64_t> shape;  // of the indices
  // How many of the other dims come before the indices in the result: those before the first
  // indexed dim where indexed dims lie side by side, else none.
  int64_t before = 0;

  // Of the tensor that brings the indexed dims to the front.
  std::vector<int64_t> to_front() const;
  // The shape of the result for a tensor of these sizes.
  std::vector<int64_t> result_sizes(at::IntArrayRef sizes) const;
  // Brings the dims of a result of the form [indices, others] to their places, and back.
  at::Tensor in_place(const at::Tensor& in_front) const;
  at::Tensor in_front(const at::Tensor& in_place) const;
};

// Throws c10::Error for too many indices, types that cannot index, shapes that do not broadcast,
// and masks of another shape than the dims that they stand for.
IndexPlan plan_index(const at::Tensor& self, const c10::List<c10::optional<at::Tensor>>& indices);

}  // namespace kernels
}  // namespace npu

#endif
