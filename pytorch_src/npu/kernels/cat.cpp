// Joining tensors along a dimension.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

// ATen lets tensors of shape [0] stand beside tensors of any rank; they add nothing.
bool adds_nothing(const at::Tensor& tensor) { return tensor.dim() == 1 && tensor.size(0) == 0; }

struct Joined {
  std::vector<at::Tensor> parts;
  std::vector<int64_t> sizes;
  int64_t dim;
};

void check_part(const at::Tensor& first, const at::Tensor& part, int64_t dim, size_t number) {
  TORCH_CHECK(part.dim() == first.dim(), "cat: tensor ", number, " has ", part.dim(),
              " dims and the first ", first.dim(), "; all must have as many");
  for (int64_t d = 0; d < first.dim(); ++d) {
    TORCH_CHECK(d == dim || part.size(d) == first.size(d), "cat: tensor ", number, " has shape ",
                part.sizes(), " and the first ", first.sizes(), "; only dim ", dim, " may differ");
  }
}

Joined plan_cat(TensorsArg tensors, int64_t dim, at::ScalarType type) {
  Joined joined;
  size_t number = 0;
  for (const at::Tensor& tensor : tensors) {
    TORCH_CHECK(tensor.dim() > 0, "cat: tensor ", number, " has no dims; use stack for numbers");
    if (!adds_nothing(tensor)) {
      if (joined.parts.empty()) {
        joined.dim = c10::maybe_wrap_dim(dim, tensor.dim());
        joined.sizes = tensor.sizes().vec();
        joined.parts.push_back(tensor);
      } else {
        check_part(joined.parts[0], tensor, joined.dim, number);
        joined.sizes[joined.dim] += tensor.size(joined.dim);
        joined.parts.push_back(tensor);
      }
    }
    ++number;
  }
  for (at::Tensor& part : joined.parts) part = cast(part, type);
  if (joined.parts.empty()) joined.sizes = {0};
  return joined;
}

at::ScalarType common_type(TensorsArg tensors) {
  TORCH_CHECK(tensors.size() > 0, "cat: no tensor is given; at least one is expected");
  at::ScalarType type = at::ScalarType::Undefined;
  for (const at::Tensor& tensor : tensors) {
    const at::ScalarType own = tensor.scalar_type();
    type = type == at::ScalarType::Undefined ? own : c10::promoteTypes(type, own);
  }
  return type;
}

void join(const Joined& joined, const at::Tensor& out) {
  std::vector<at::Tensor> parts;
  for (const at::Tensor& part : joined.parts) {
    if (part.size(joined.dim) > 0) parts.push_back(part);
  }
  if (parts.empty() || out.numel() == 0) return;
  if (parts.size() == 1) {
    at::Tensor target = out;
    npu::copy_(target, parts[0], true);
    return;
  }
  OpCommand("ConcatV2")
      .inputs(parts, "x")
      .host_scalar(joined.dim, at::kLong)
      .output(out)
      .attr("N", static_cast<int64_t>(parts.size()))
      .run();
}

}  // namespace

at::Tensor cat(TensorsArg tensors, int64_t dim) {
  const at::ScalarType type = common_type(tensors);
  const Joined joined = plan_cat(tensors, dim, type);
  const at::Tensor& first = joined.parts.empty() ? *tensors.begin() : joined.parts[0];
  const at::Tensor out = empty_like_sizes(joined.sizes, first, type);
  join(joined, out);
  return out;
}

at::Tensor& cat_out(TensorsArg tensors, int64_t dim, at::Tensor& out) {
  const at::ScalarType type = common_type(tensors);
  TORCH_CHECK(c10::canCast(type, out.scalar_type()), "cat: the result is of ", type,
              " and out= of ", out.scalar_type(), ", which cannot hold it");
  const Joined joined = plan_cat(tensors, dim, out.scalar_type());
  resize_output(out, joined.sizes);
  join(joined, out);
  return out;
}

#if NPU_TORCH_VERSION < 20000
at::Tensor _cat(at::TensorList tensors, int64_t dim) { return kernels::cat(tensors, dim); }

at::Tensor& _cat_out(at::TensorList tensors, int64_t dim, at::Tensor& out) {
  return kernels::cat_out(tensors, dim, out);
}
#endif

}  // namespace kernels
}  // namespace npu
