// Slices that an index names.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

at::Tensor selected(const at::Tensor& self, int64_t dim, const at::Tensor& index) {
  check_index_type("index_select", index);
  TORCH_CHECK_INDEX(index.dim() <= 1, "index_select: the index has ", index.dim(),
                    " dims; at most one is allowed. Flatten it first");
  const at::Tensor from = at_least_1d(self);
  const int64_t axis = c10::maybe_wrap_dim(dim, from.dim());
  std::vector<int64_t> sizes = from.sizes().vec();
  sizes[axis] = index.numel();
  const at::Tensor out = empty_like_sizes(sizes, from);
  OpCommand("GatherV2").input(from).input(at_least_1d(index)).host_input({axis}).output(out).run();
  return self.dim() == 0 ? out.reshape({}) : out;
}

at::Tensor taken(const at::Tensor& self, const at::Tensor& index) {
  TORCH_CHECK_INDEX(index.scalar_type() == at::kLong, "take: the index is of ", index.scalar_type(),
                    "; int64 is expected. Convert it with .long()");
  TORCH_CHECK_INDEX(self.numel() > 0 || index.numel() == 0,
                    "take: the tensor is empty, so that no index is in range");
  const at::Tensor out = empty_like_sizes(index.sizes(), self);
  OpCommand("GatherV2")
      .input(self.reshape({-1}))
      .input(index)
      .host_input({0})
      .output(out)
      .attr("negative_index_support", true)
      .run();
  return out;
}

}  // namespace

at::Tensor index_select(const at::Tensor& self, int64_t dim, const at::Tensor& index) {
  return selected(self, dim, index);
}

at::Tensor& index_select_out(const at::Tensor& self, int64_t dim, const at::Tensor& index,
                             at::Tensor& out) {
  give("index_select", selected(self, dim, index), out);
  return out;
}

at::Tensor take(const at::Tensor& self, const at::Tensor& index) { return taken(self, index); }

at::Tensor& take_out(const at::Tensor& self, const at::Tensor& index, at::Tensor& out) {
  give("take", taken(self, index), out);
  return out;
}

}  // namespace kernels
}  // namespace npu
