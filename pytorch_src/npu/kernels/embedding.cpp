// Gradients and norms of embedding tables. Looking rows up is index_select.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

at::Tensor embedding_dense_backward(const at::Tensor& grad_output, const at::Tensor& indices,
                                    int64_t num_weights, int64_t padding_idx,
                                    bool scale_grad_by_freq) {
  check_index_type("embedding_dense_backward", indices);
  if (!takes(kFloats, grad_output.scalar_type())) {
    return on_cpu("aten::embedding_dense_backward", "", grad_output, indices, num_weights,
                  padding_idx, scale_grad_by_freq)[0]
        .toTensor();
  }
  const int64_t width = grad_output.size(-1);
  const at::Tensor out = empty_like_sizes({num_weights, width}, grad_output);
  if (indices.numel() == 0) return out.zero_();
  OpCommand("EmbeddingDenseGrad")
      .input(grad_output.reshape({indices.numel(), width}))
      .input(indices.reshape({-1}))
      .output(out)
      .attr("num_weights", num_weights)
      .attr("padding_idx", padding_idx)
      .attr("scale_grad_by_freq", scale_grad_by_freq)
      .run();
  return out;
}

at::Tensor& embedding_renorm_(at::Tensor& self, const at::Tensor& indices, double max_norm,
                              double norm_type) {
  check_index_type("embedding_renorm_", indices);
  TORCH_CHECK(self.dim() == 2, "embedding_renorm_: the table has ", self.dim(),
              " dims; two are expected");
  if (indices.numel() == 0) return self;
  const at::Tensor touched = std::get<0>(at::_unique2(indices.reshape({-1})));
  const at::Tensor rows = self.index_select(0, touched);
  const at::Tensor norms = at::norm(rows, norm_type, {1}, true);
  // As upstream: a norm of exactly 0 must not divide.
  const at::Tensor scale = norms.add(1e-7).reciprocal().mul(max_norm);
  const at::Tensor scaled = at::where(norms.gt(max_norm), rows.mul(scale), rows);
  return self.index_copy_(0, touched.to(at::kLong), scaled);
}

}  // namespace kernels
}  // namespace npu
