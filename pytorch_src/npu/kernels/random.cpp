// Filling a tensor with random numbers.
#include <cmath>

#include "kernels/random_support.h"

namespace npu {
namespace kernels {

RandomPlace take_place(const MaybeGenerator& generator, const at::Tensor& like, int64_t elements,
                       int words) {
  const PhiloxState state =
      take(generator, static_cast<uint64_t>(elements) * words, like.device().index());
  return {state.seed, state.offset / 4};
}

void check_floating(const char* op, const at::Tensor& tensor) {
  const at::ScalarType known[] = {at::kFloat, at::kHalf, at::kBFloat16, at::kDouble};
  check_type(op, tensor.scalar_type(), known);
}

namespace {

// What operators of the second generation have in common: shape, key, counter and algorithm.
OpCommand keyed(const char* name, at::IntArrayRef sizes, const RandomPlace& place) {
  constexpr int64_t kPhilox = 1;
  OpCommand command(name);
  command.host_input(sizes)
      .host_unsigned({place.key})
      .host_unsigned({place.counter, 0})
      .host_scalar(kPhilox, at::kInt);
  return command;
}

at::Tensor numbers(const char* name, const MaybeGenerator& generator, at::IntArrayRef sizes,
                   const at::Tensor& like, at::ScalarType type) {
  const at::Tensor out = empty_like_sizes(sizes, like, type);
  keyed(name, sizes, take_place(generator, out, out.numel())).output(out).attr("dtype", type).run();
  return out;
}

at::Tensor& assign(at::Tensor& self, const at::Tensor& result) {
  return npu::copy_(self, result, true);
}

// Whole numbers from `low` to before `high`.
at::Tensor& integers(at::Tensor& self, int64_t low, int64_t high, const MaybeGenerator& generator) {
  const at::Tensor out = empty_like_sizes(self.sizes(), self, at::kLong);
  keyed("StatelessRandomUniformIntV2", self.sizes(), take_place(generator, self, self.numel()))
      .host_scalar(low, at::kLong)
      .host_scalar(high, at::kLong)
      .output(out)
      .run();
  return assign(self, out);
}

// The largest whole number up to which a type has every one.
int64_t last_whole(at::ScalarType type) {
  switch (type) {
    case at::kBool: return 1;
    case at::kByte: return std::numeric_limits<uint8_t>::max();
    case at::kChar: return std::numeric_limits<int8_t>::max();
    case at::kShort: return std::numeric_limits<int16_t>::max();
    case at::kInt: return std::numeric_limits<int32_t>::max();
    case at::kHalf: return int64_t{1} << 11;
    case at::kBFloat16: return int64_t{1} << 8;
    case at::kFloat: return int64_t{1} << 24;
    case at::kDouble: return int64_t{1} << 53;
    default: return std::numeric_limits<int64_t>::max();
  }
}

// One beyond, where there is one: the operator's upper bound is not among its numbers.
int64_t beyond(int64_t last) {
  return last == std::numeric_limits<int64_t>::max() ? last : last + 1;
}

void check_fits(const char* what, int64_t value, at::ScalarType type) {
  const int64_t last = last_whole(type);
  const int64_t first = type == at::kBool || type == at::kByte ? 0 : -last - 1;
  TORCH_CHECK(value >= first && value <= last, "random_: ", what, " is ", value, ", which ", type,
              " does not have; ", first, " to ", last, " are allowed");
}

// (0, 1): neither end, for logarithms and tangents.
at::Tensor open_uniform(const MaybeGenerator& generator, const at::Tensor& self) {
  const at::ScalarType type = self.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const double least = type == at::kDouble ? std::ldexp(1.0, -54) : std::ldexp(1.0, -25);
  return uniform_numbers(generator, self.sizes(), self, type).clamp_min(least);
}

}  // namespace

at::Tensor uniform_numbers(const MaybeGenerator& generator, at::IntArrayRef sizes,
                           const at::Tensor& like, at::ScalarType type) {
  return numbers("StatelessRandomUniformV2", generator, sizes, like, type);
}

at::Tensor normal_numbers(const MaybeGenerator& generator, at::IntArrayRef sizes,
                          const at::Tensor& like, at::ScalarType type) {
  return numbers("StatelessRandomNormalV2", generator, sizes, like, type);
}

at::Tensor& normal_(at::Tensor& self, double mean, double std, MaybeGenerator generator) {
  TORCH_CHECK(std >= 0, "normal expects std >= 0.0, but found std ", std);
  check_floating("normal_", self);
  at::Tensor values = normal_numbers(generator, self.sizes(), self, self.scalar_type());
  if (std != 1) values.mul_(std);
  if (mean != 0) values.add_(mean);
  return assign(self, values);
}

at::Tensor& uniform_(at::Tensor& self, double from, double to, MaybeGenerator generator) {
  TORCH_CHECK(from <= to, "uniform_ expects to return a [from, to) range, but found from=", from,
              " > to=", to);
  check_floating("uniform_", self);
  at::Tensor values = uniform_numbers(generator, self.sizes(), self, self.scalar_type());
  if (to - from != 1) values.mul_(to - from);
  if (from != 0) values.add_(from);
  return assign(self, values);
}

at::Tensor& random_(at::Tensor& self, MaybeGenerator generator) {
  return integers(self, 0, beyond(last_whole(self.scalar_type())), generator);
}

at::Tensor& random__from(at::Tensor& self, int64_t from, c10::optional<int64_t> to,
                         MaybeGenerator generator) {
  const at::ScalarType type = self.scalar_type();
  check_fits("from", from, type);
  if (!to.has_value() && from == std::numeric_limits<int64_t>::min()) {
    const at::Tensor out = empty_like_sizes(self.sizes(), self, at::kLong);
    keyed("StatelessRandomUniformFullIntV2", self.sizes(),
          take_place(generator, self, self.numel()))
        .output(out)
        .attr("dtype", at::kLong)
        .run();
    return assign(self, out);
  }
  const int64_t high = to.has_value() ? *to : beyond(last_whole(type));
  TORCH_CHECK(from < high, "random_ expects 'from' to be less than 'to', but got from=", from,
              " >= to=", high);
  check_fits("to - 1", high - 1, type);
  return integers(self, from, high, generator);
}

at::Tensor& random__to(at::Tensor& self, int64_t to, MaybeGenerator generator) {
  return random__from(self, 0, to, generator);
}

at::Tensor& exponential_(at::Tensor& self, double lambd, MaybeGenerator generator) {
  TORCH_CHECK(lambd > 0, "exponential_ expects lambda > 0.0, but found lambda=", lambd);
  check_floating("exponential_", self);
  // Never 0: by convention the support is the positive numbers.
  const at::Tensor drawn = open_uniform(generator, self).log().mul(-1 / lambd);
  return assign(self, drawn);
}

at::Tensor& geometric_(at::Tensor& self, double p, MaybeGenerator generator) {
  TORCH_CHECK(p > 0 && p < 1, "geometric_ expects p to be in (0, 1), but got p=", p);
  const at::Tensor trials = open_uniform(generator, self).log().div(std::log1p(-p)).ceil();
  return assign(self, trials.clamp_min(1));
}

at::Tensor& cauchy_(at::Tensor& self, double median, double sigma, MaybeGenerator generator) {
  TORCH_CHECK(sigma > 0, "cauchy_ expects sigma > 0.0, but found sigma=", sigma);
  check_floating("cauchy_", self);
  const at::Tensor angle = open_uniform(generator, self).sub(0.5).mul(M_PI);
  return assign(self, angle.tan().mul(sigma).add(median));
}

}  // namespace kernels
}  // namespace npu
