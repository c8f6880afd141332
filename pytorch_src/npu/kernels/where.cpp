// Choosing between two tensors, and comparing two whole tensors.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

// A number beside tensors, on the host or the device, without dims.
void value_input(OpCommand& command, const at::Tensor& value, at::ScalarType type) {
  if (is_npu(value)) {
    command.input(cast(value, type));
  } else {
    TORCH_CHECK(value.dim() == 0, "where: a tensor is on ", value.device(),
                " and another on an NPU; all must be on one device. Move it with .npu() first");
    command.host_scalar(value.item(), type);
  }
}

at::Tensor chosen(const at::Tensor& condition, const at::Tensor& self, const at::Tensor& other) {
  const at::ScalarType asked = condition.scalar_type();
  TORCH_CHECK(asked == at::kBool || asked == at::kByte, "where: the condition is of ", asked,
              "; bool is expected. Compare it first, as in x != 0");
  TORCH_CHECK(is_npu(condition), "where: the condition is on ", condition.device(),
              " and another tensor on an NPU; move it with .npu() first");
  const at::ScalarType type = at::result_type(self, other);
  const std::vector<int64_t> both = broadcast_sizes(self.sizes(), other.sizes());
  const at::Tensor out =
      empty_like_sizes(broadcast_sizes(condition.sizes(), both), condition, type);
  OpCommand command("SelectV2");
  command.input(cast(condition, at::kBool));
  value_input(command, self, type);
  value_input(command, other, type);
  command.output(out).run();
  return out;
}

}  // namespace

#if NPU_TORCH_VERSION < 20000
at::Tensor _s_where(const at::Tensor& condition, const at::Tensor& self, const at::Tensor& other) {
  return chosen(condition, self, other);
}
#else
at::Tensor where_self(const at::Tensor& condition, const at::Tensor& self,
                      const at::Tensor& other) {
  return chosen(condition, self, other);
}

at::Tensor& where_self_out(const at::Tensor& condition, const at::Tensor& self,
                           const at::Tensor& other, at::Tensor& out) {
  give("where", chosen(condition, self, other), out);
  return out;
}
#endif

bool equal(const at::Tensor& self, const at::Tensor& other) {
  check_devices("equal", {self, other});
  TORCH_CHECK(self.scalar_type() == other.scalar_type(), "equal: the tensors are of ",
              self.scalar_type(), " and ", other.scalar_type(), "; both must be of one type");
  if (self.sizes() != other.sizes()) return false;
  return self.numel() == 0 || at::eq(self, other).all().item<bool>();
}

}  // namespace kernels
}  // namespace npu
