// Turning, rolling and repeating.
#include "kernels/index_support.h"

namespace npu {
namespace kernels {

namespace {

constexpr Types kRolled = bit(at::kFloat) | bit(at::kHalf) | bit(at::kBFloat16) | bit(at::kChar) |
                          bit(at::kByte) | bit(at::kInt) | bit(at::kLong);
constexpr Types kTurned =
    kReals | bit(at::kBool) | bit(at::kComplexFloat) | bit(at::kComplexDouble);

// int16 and bool and the wide types as the integers that the operator takes; int16 as the bits of a
// half, for nothing is computed.
at::Tensor rollable(const at::Tensor& tensor) {
  if (tensor.scalar_type() == at::kShort) return tensor.view(at::kHalf);
  return as_bits("roll", tensor, kRolled);
}

// Each place as often as is said there.
at::Tensor places_repeated(const at::Tensor& repeats, c10::optional<int64_t> output_size) {
  TORCH_CHECK(repeats.dim() == 1, "repeat_interleave only accept 1D vector as repeat; this one has "
              "shape ", repeats.sizes());
  TORCH_CHECK(repeats.scalar_type() == at::kLong || repeats.scalar_type() == at::kInt,
              "repeats has to be Long or Int tensor; this one is of ", repeats.scalar_type());
  if (repeats.numel() == 0) return empty_like_sizes({0}, repeats);
  const int64_t size = output_size.has_value() ? *output_size : repeats.sum().item().toLong();
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
  TORCH_CHECK(shifts.size() == dims.size(),
              "shifts and dimensions must align. shifts: ", shifts.size(), ", dims:", dims.size());
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
    TORCH_CHECK(repeats[d] >= 0, "repeat: the repeats are ", repeats, "; they cannot be negative");
    to[d] *= repeats[d];
  }
  if (to.empty()) return self.clone();
  const at::Tensor out = empty_like_sizes(to, self);
  OpCommand("Tile").input(self.reshape(from)).host_input(repeats).output(out).run();
  return out;
}

#if NPU_TORCH_VERSION < 20000
at::Tensor repeat_interleave_Tensor(const at::Tensor& repeats) {
  return places_repeated(repeats, c10::nullopt);
}
#else
at::Tensor repeat_interleave_Tensor(const at::Tensor& repeats, c10::optional<int64_t> output_size) {
  return places_repeated(repeats, output_size);
}
#endif

at::Tensor unfold_backward(const at::Tensor& grad_in, at::IntArrayRef input_sizes, int64_t dim,
                           int64_t size, int64_t step) {
  at::Tensor result = empty_like_sizes(input_sizes, grad_in).zero_();
  if (grad_in.numel() == 0) return result;
  if (input_sizes.empty()) return result.add_(grad_in.sum());
  const int64_t axis = c10::maybe_wrap_dim(dim, static_cast<int64_t>(input_sizes.size()));
  const int64_t windows = grad_in.size(axis);
  const at::TensorOptions options = grad_in.options().dtype(at::kLong);
  const at::Tensor places =
      at::arange(windows, options).mul(step).unsqueeze(1).add(at::arange(size, options));
  std::vector<int64_t> sizes = input_sizes.vec();
  sizes[axis] = windows * size;
  // The elements of a window lie in the last dim; here they come right after their window.
  const at::Tensor by_place = grad_in.movedim(-1, axis + 1).reshape(sizes);
  return result.index_add_(axis, places.reshape({-1}), by_place);
}

at::Tensor channel_shuffle(const at::Tensor& self, int64_t groups) {
  TORCH_CHECK(self.dim() > 2, "channel_shuffle expects input with > 2 dims, but got input with "
              "sizes ", self.sizes());
  TORCH_CHECK(groups > 0 && self.size(1) % groups == 0, "channel_shuffle: the tensor has ",
              self.size(1), " channels, and groups is ", groups,
              "; a positive number that divides the channels is expected");
  if (self.numel() == 0) return self.clone();
  return self.reshape({self.size(0), groups, self.size(1) / groups, -1})
      .transpose(1, 2)
      .reshape(self.sizes());
}

}  // namespace kernels
}  // namespace npu
