// Elements that a mask names, in order: read and written.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kSelected = kReals | bit(at::kComplexFloat) | bit(at::kComplexDouble);
constexpr Types kScattered = kReals | bit(at::kBool);

at::Tensor selected(const at::Tensor& self, const at::Tensor& mask) {
  TORCH_CHECK(mask.scalar_type() == at::kBool, "masked_select: the mask is of ", mask.scalar_type(),
              "; bool is expected. Convert it with .bool()");
  check_devices("masked_select", {self, mask});
  const std::vector<int64_t> sizes = broadcast_sizes(self.sizes(), mask.sizes());
  int64_t most = 1;
  for (const int64_t size : sizes) most *= size;
  const at::Tensor out = empty_like_sizes({most}, self);
  if (out.numel() == 0) return out;
  const auto got = OpCommand("MaskedSelect")
                       .input(as_bits("masked_select", self, kSelected))
                       .input(mask)
                       .output(as_bits("masked_select", out, kSelected))
                       .run_and_get_sizes();
  // A copy where most of the memory would be kept for nothing.
  const at::Tensor found = out.narrow(0, 0, got[0][0]);
  return got[0][0] * 2 < out.numel() ? found.clone() : found;
}

}  // namespace

at::Tensor masked_select(const at::Tensor& self, const at::Tensor& mask) {
  return selected(self, mask);
}

at::Tensor& masked_select_out(const at::Tensor& self, const at::Tensor& mask, at::Tensor& out) {
  give("masked_select", selected(self, mask), out);
  return out;
}

at::Tensor& masked_scatter_(at::Tensor& self, const at::Tensor& mask, const at::Tensor& source) {
  TORCH_CHECK(mask.scalar_type() == at::kBool, "masked_scatter_: the mask is of ",
              mask.scalar_type(), "; bool is expected. Convert it with .bool()");
  TORCH_CHECK(source.scalar_type() == self.scalar_type(), "masked_scatter_: the source is of ",
              source.scalar_type(), " and the tensor of ", self.scalar_type(),
              "; both must be of one type");
  check_devices("masked_scatter_", {self, mask, source});
  TORCH_CHECK(at::IntArrayRef(broadcast_sizes(self.sizes(), mask.sizes())) == self.sizes(),
              "masked_scatter_: the mask has shape ", mask.sizes(),
              ", which does not broadcast to ", self.sizes(), ", the tensor's");
  if (self.numel() == 0) return self;
  TORCH_CHECK(source.numel() > 0 || !mask.any().item<bool>(),
              "masked_scatter_: the source is empty and the mask is not all false");
  if (source.numel() == 0) return self;
  const at::Tensor out = empty_like_sizes(self.sizes(), self);
  OpCommand("MaskedScatter")
      .input(as_bits("masked_scatter_", self, kScattered))
      .input(mask)
      .input(as_bits("masked_scatter_", source, kScattered))
      .output(as_bits("masked_scatter_", out, kScattered))
      .run();
  return npu::copy_(self, out, true);
}

}  // namespace kernels
}  // namespace npu
