// x[i, j] with tensors as indices: reading.
#include "kernels/index_plan.h"

namespace npu {
namespace kernels {

namespace {

at::Tensor indexed(const at::Tensor& self, const c10::List<c10::optional<at::Tensor>>& indices) {
  const IndexPlan plan = plan_index(self, indices);
  if (plan.dims.empty()) return self.clone();
  const at::Tensor out = empty_like_sizes(plan.result_sizes(self.sizes()), self);
  if (out.numel() == 0) return out;
  if (plan.dims.size() == 1) {
    OpCommand("GatherV2")
        .input(self)
        .input(plan.indices[0])
        .host_input({plan.dims[0]})
        .output(out)
        .attr("negative_index_support", true)
        .run();
    return out;
  }
  const at::Tensor in_front = plan.in_front(out);
  OpCommand("GatherNd")
      .input(self.permute(plan.to_front()))
      .input(at::stack(plan.indices, -1))
      .output(in_front)
      .attr("negative_index_support", true)
      .run();
  return out;
}

}  // namespace

at::Tensor index_Tensor(const at::Tensor& self,
                        const c10::List<c10::optional<at::Tensor>>& indices) {
  return indexed(self, indices);
}

#if NPU_TORCH_VERSION >= 20000
at::Tensor& index_Tensor_out(const at::Tensor& self,
                             const c10::List<c10::optional<at::Tensor>>& indices, at::Tensor& out) {
  give("index", indexed(self, indices), out);
  return out;
}
#endif

}  // namespace kernels
}  // namespace npu
