#include "philox.h"

#include <ATen/core/PhiloxRNGEngine.h>

#include <cmath>

namespace ascend_emu {

namespace {

constexpr double kTau = 6.283185307179586;
constexpr double kUnit = 1.0 / (1 << 24);

int64_t count_of(const Dims &dims) {
  int64_t count = 1;
  for (const int64_t dim : dims) count *= dim;
  return count;
}

/* The upper 24 bits: as many as a float holds. */
double unit(uint32_t bits) { return (bits >> 8) * kUnit; }

}  // namespace

at::Tensor philox_bits(const Dims &dims, uint64_t seed, uint64_t offset, uint64_t stream) {
  at::Tensor result = at::empty(dims, at::kLong);
  int64_t *values = result.data_ptr<int64_t>();
  at::philox_engine engine(seed, stream, offset);
  for (int64_t i = 0; i < count_of(dims); ++i) values[i] = engine();
  return result;
}

at::Tensor philox_uniform(const Dims &dims, uint64_t seed, uint64_t offset, uint64_t stream) {
  at::Tensor result = at::empty(dims, at::kFloat);
  float *values = result.data_ptr<float>();
  at::philox_engine engine(seed, stream, offset);
  for (int64_t i = 0; i < count_of(dims); ++i) values[i] = static_cast<float>(unit(engine()));
  return result;
}

at::Tensor philox_normal(const Dims &dims, uint64_t seed, uint64_t offset, uint64_t stream) {
  at::Tensor result = at::empty(dims, at::kFloat);
  float *values = result.data_ptr<float>();
  at::philox_engine engine(seed, stream, offset);
  for (int64_t i = 0; i < count_of(dims); i += 2) {
    /* 1 - u lies in (0, 1]: no logarithm of 0. */
    const double radius = std::sqrt(-2.0 * std::log(1.0 - unit(engine())));
    const double angle = kTau * unit(engine());
    values[i] = static_cast<float>(radius * std::cos(angle));
    if (i + 1 < count_of(dims)) values[i + 1] = static_cast<float>(radius * std::sin(angle));
  }
  return result;
}

}  // namespace ascend_emu
