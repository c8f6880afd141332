#include "random_numbers.h"

#include <cmath>
#include <random>

#include "philox.h"

namespace ascend_emu {

namespace {

constexpr double kTau = 6.283185307179586;
/* The part of a normal distribution within 2 of its mean: erf(sqrt(2)). */
constexpr double kWithinTwo = 0.9544997361036416;

Dims twice(Dims dims) {
  dims.push_back(2);
  return dims;
}

at::Tensor bits(const Dims &dims, const RandomPlace &place) {
  return philox_bits(dims, place.key, place.counter, place.stream);
}

/* The upper `digits` of 32 bits, as a number of [0, 1). */
at::Tensor fraction(const at::Tensor &bits32, int digits) {
  const at::Tensor kept = at::floor_divide(bits32, int64_t{1} << (32 - digits));
  return kept.to(at::kFloat).mul(std::ldexp(1.0, -digits));
}

at::Tensor double_fraction(const Dims &dims, const RandomPlace &place) {
  const at::Tensor pair = bits(twice(dims), place);
  const at::Tensor high = at::floor_divide(pair.select(-1, 0), int64_t{1} << 5).to(at::kDouble);
  const at::Tensor low = at::floor_divide(pair.select(-1, 1), int64_t{1} << 6).to(at::kDouble);
  return (high * std::ldexp(1.0, 26) + low) * std::ldexp(1.0, -53);
}

}  // namespace

RandomPlace any_place() {
  std::random_device source;
  const auto word = [&source] { return uint64_t{source()} << 32 | source(); };
  return {word(), word(), word()};
}

RandomPlace place_of(int64_t seed, int64_t other, int64_t none, int64_t other_none) {
  if (seed == none && other == other_none) return any_place();
  return {static_cast<uint64_t>(seed), static_cast<uint64_t>(other), 0};
}

at::Tensor uniform_numbers(const Dims &dims, at::ScalarType type, const RandomPlace &place) {
  switch (type) {
    case at::kDouble: return double_fraction(dims, place);
    case at::kHalf: return fraction(bits(dims, place), 11).to(type);
    case at::kBFloat16: return fraction(bits(dims, place), 8).to(type);
    default: return philox_uniform(dims, place.key, place.counter, place.stream);
  }
}

at::Tensor normal_numbers(const Dims &dims, at::ScalarType type, const RandomPlace &place) {
  if (type != at::kDouble) return philox_normal(dims, place.key, place.counter, place.stream);
  const at::Tensor pair = double_fraction(twice(dims), place);
  /* 1 - u lies in (0, 1]: no logarithm of 0. */
  const at::Tensor radius = at::sqrt(at::log(1 - pair.select(-1, 0)) * -2);
  return radius * at::cos(pair.select(-1, 1) * kTau);
}

at::Tensor truncated_normal_numbers(const Dims &dims, const RandomPlace &place) {
  /* By the inverse of the distribution and not by throwing numbers away, so that an element
     depends on its position only. */
  const at::Tensor u = double_fraction(dims, place) * (2 * kWithinTwo) - kWithinTwo;
  return at::erfinv(u) * std::sqrt(2.0);
}

at::Tensor random_bits(const Dims &dims, const RandomPlace &place) {
  const at::Tensor pair = bits(twice(dims), place);
  return pair.select(-1, 0) * (int64_t{1} << 32) + pair.select(-1, 1);
}

at::Tensor random_integers(const Dims &dims, int64_t low, int64_t high,
                           const RandomPlace &place) {
  const at::Tensor all = random_bits(dims, place);
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  int64_t *values = all.data_ptr<int64_t>();
  for (int64_t i = 0; i < all.numel(); ++i) {
    const uint64_t taken = static_cast<uint64_t>(values[i]) % range;
    values[i] = static_cast<int64_t>(static_cast<uint64_t>(low) + taken);
  }
  return all;
}

at::Tensor random_order(int64_t count, const RandomPlace &place) {
  return at::argsort(random_bits({count}, place));
}

}  // namespace ascend_emu
