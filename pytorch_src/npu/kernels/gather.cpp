// One element for each element of an index.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kGathered = kFloats | kIntegers | bit(at::kBool);

at::Tensor gathered(const at::Tensor& self, int64_t dim, const at::Tensor& index) {
  check_index_type("gather", index);
  const int64_t axis = c10::maybe_wrap_dim(dim, self.dim());
  const at::Tensor out = empty_like_sizes(index.sizes(), self);
  if (index.numel() == 0) return out;
  const at::Tensor from = at_least_1d(self);
  const at::Tensor at_index = at_least_1d(index);
  TORCH_CHECK(from.dim() == at_index.dim(), "gather: the index has shape ", index.sizes(),
              " and the tensor ", self.sizes(), "; both must have as many dims");
  for (int64_t d = 0; d < from.dim(); ++d) {
    TORCH_CHECK(d == axis || at_index.size(d) <= from.size(d), "gather: the index has shape ",
                index.sizes(), " and the tensor ", self.sizes(),
                "; no dim of the index may be the larger one, except dim ", axis);
  }
  OpCommand("GatherElements")
      .input(as_bits("gather", from, kGathered))
      .input(at_index)
      .output(as_bits("gather", at_least_1d(out), kGathered))
      .attr("dim", axis)
      .run();
  return out;
}

}  // namespace

at::Tensor gather(const at::Tensor& self, int64_t dim, const at::Tensor& index, bool) {
  return gathered(self, dim, index);
}

at::Tensor& gather_out(const at::Tensor& self, int64_t dim, const at::Tensor& index, bool,
                       at::Tensor& out) {
  give("gather", gathered(self, dim, index), out);
  return out;
}

}  // namespace kernels
}  // namespace npu
