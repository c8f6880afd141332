// Filling where a mask is true.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

// `put` adds the value, in the type of `self`.
template <class Put>
at::Tensor& fill_masked(at::Tensor& self, const at::Tensor& mask, const Put& put) {
  TORCH_CHECK(mask.scalar_type() == at::kBool, "masked_fill_: the mask is of ", mask.scalar_type(),
              "; bool is expected. Convert it with .bool()");
  check_devices("masked_fill_", {self, mask});
  TORCH_CHECK(at::IntArrayRef(broadcast_sizes(self.sizes(), mask.sizes())) == self.sizes(),
              "masked_fill_: the mask has shape ", mask.sizes(), ", which does not broadcast to ",
              self.sizes(), ", the tensor's");
  if (self.numel() == 0) return self;
  write_in_place(self, [&](const at::Tensor& work) {
    OpCommand command("SelectV2");
    command.input(mask);
    put(command);
    command.input(work).output(work).run();
  });
  return self;
}

}  // namespace

at::Tensor& masked_fill__Scalar(at::Tensor& self, const at::Tensor& mask, ScalarArg value) {
  TORCH_CHECK(c10::isComplexType(self.scalar_type()) || !value.isComplex(),
              "masked_fill_: the value is complex and the tensor of ", self.scalar_type());
  return fill_masked(self, mask,
                     [&](OpCommand& command) { command.host_scalar(value, self.scalar_type()); });
}

at::Tensor& masked_fill__Tensor(at::Tensor& self, const at::Tensor& mask, const at::Tensor& value) {
  TORCH_CHECK(value.dim() == 0, "masked_fill_: the value has ", value.dim(),
              " dims; a number or a tensor of 0 dims is expected");
  if (!is_npu(value)) return masked_fill__Scalar(self, mask, value.item());
  return fill_masked(self, mask,
                     [&](OpCommand& command) { command.input(cast(value, self.scalar_type())); });
}

}  // namespace kernels
}  // namespace npu
