// Turning, rolling and repeating.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kRolled = bit(at::kFloat) | bit(at::kHalf) | bit(at::kBFloat16) | bit(at::kChar) |
                          bit(at::kByte) | bit(at::kInt) | bit(at::kLong);
constexpr Types kTurned = kReals | bit(at::kBool) | bit(at::kComplexFloat) |
                          bit(at::kComplexDouble);

// int16 and bool and the wide types as the integers that the operator takes; int16 as the bits of a
// half, for nothing is computed.
at::Tensor rollable(const at::Tensor& tensor) {
  if (tensor.scalar_type() == at::kShort) return tensor.view(at::kHalf);
  return as_bits("roll", tensor, kRolled);
}

}  // namespace

at::Tensor flip(const at::Tensor& self, at::IntArrayRef dims) {
  std::vector<int64_t> axes;
  for (const int64_t dim : dims) {
    const int64_t axis = c10::maybe_wrap_dim(dim, self.dim());
    for (const int64_t other : axes) {
      TORCH_CHECK(other != axis, "flip: dim ", axis, " appears more than once in the dims ", dims);
    }
    axes.push_back(axis);
  }
  if (axes.empty() || self.dim() == 0 || self.numel() == 0) return self.clone();
  const at::Tensor out = empty_like_sizes(self.sizes(), self);
  OpCommand("ReverseV2")
      .input(as_bits("flip", self, kTurned))
      .host_input(axes)
      .output(as_bits("flip", out, kTurned))
      .run();
  return out;
}

at::Tensor roll(const at::Tensor& self, at::IntArrayRef shifts, at::IntArrayRef dims) {
  if (dims.empty() && shifts.size() == 1) {
    return kernels::roll(self.reshape({-1}), shifts, {0}).view(self.sizes());
  }
  TORCH_CHECK(!shifts.empty(), "roll: no shift is given");
  TORCH_CHECK(shifts.size() == dims.size(), "shifts and dimensions must align. shifts: ",
              shifts.size(), ", dims:", dims.size());
  if (self.numel() == 0 || self.dim() == 0) return self.clone();
  std::vector<int64_t> axes;
  for (const int64_t dim : dims) axes.push_back(c10::maybe_wrap_dim(dim, self.dim()));
  const at::Tensor out = empty_like_sizes(self.sizes(), self);
  OpCommand("Roll")
      .input(rollable(self))
      .output(rollable(out))
      .attr("shifts", shifts)
      .attr("dims", at::IntArrayRef(axes))
      .run();
  return out;
}

at::Tensor repeat(const at::Tensor& self, at::IntArrayRef repeats) {
  const int64_t more = static_cast<int64_t>(repeats.size()) - self.dim();
  TORCH_CHECK(more >= 0, "Number of dimensions of repeat dims can not be smaller than number of "
              "dimensions of tensor: ", repeats, " for a tensor of shape ", self.sizes());
  std::vector<int64_t> from(static_cast<size_t>(more), 1);
  from.insert(from.end(), self.sizes().begin(), self.sizes().end());
  std::vector<int64_t> to = from;
  for (size_t d = 0; d < to.size(); ++d) {
    TORCH_CHECK(repeats[d] >= 0, "repeat: the repeats are ", repeats,
                "; they cannot be negative");
    to[d] *= repeats[d];
  }
  if (to.empty()) return self.clone();
  const at::Tensor out = empty_like_sizes(to, self);
  OpCommand("Tile").input(self.reshape(from)).host_input(repeats).output(out).run();
  return out;
}

at::Tensor repeat_interleave_Tensor(const at::Tensor& repeats, c10::optional<int64_t> output_size) {
  TORCH_CHECK(repeats.dim() == 1, "repeat_interleave only accept 1D vector as repeat; this one has "
              "shape ", repeats.sizes());
  TORCH_CHECK(repeats.scalar_type() == at::kLong || repeats.scalar_type() == at::kInt,
              "repeats has to be Long or Int tensor; this one is of ", repeats.scalar_type());
  if (repeats.numel() == 0) return empty_like_sizes({0}, repeats);
  const int64_t size =
      output_size.has_value() ? *output_size : repeats.sum().item().toLong();
  TORCH_CHECK(size >= 0, "repeats can not be negative");
  const at::Tensor out = empty_like_sizes({size}, repeats);
  OpCommand("RepeatInterleave")
      .input(at::arange(repeats.numel(), repeats.options()))
      .input(repeats)
      .output(out)
      .attr("axis", 0)
      .run();
  return out;
}

}  // namespace kernels
}  // namespace npu
