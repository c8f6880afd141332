#include "float16.h"

#include <cstring>

namespace ascend_emu {

namespace {

uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

float float_of(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/* `value` without its last `shift` bits, rounded to nearest, ties to even. */
uint32_t shift_round(uint32_t value, unsigned shift) {
  const uint32_t half = uint32_t{1} << (shift - 1);
  const uint32_t rest = value & ((half << 1) - 1);
  const uint32_t kept = value >> shift;
  return kept + (rest > half || (rest == half && (kept & 1) != 0) ? 1 : 0);
}

}  // namespace

float half_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t exponent = (half >> 10) & 0x1Fu;
  const uint32_t fraction = half & 0x3FFu;
  if (exponent == 0x1F) return float_of(sign | 0x7F800000u | fraction << 13);
  if (exponent != 0) return float_of(sign | (exponent + 112) << 23 | fraction << 13);
  /* Zero and subnormals: fraction * 2^-24, exact in binary32. */
  const float magnitude = static_cast<float>(fraction) * float_of(0x33800000u);
  return float_of(sign | bits_of(magnitude));
}

uint16_t float_to_half(float value) {
  const uint32_t bits = bits_of(value);
  const uint32_t sign = bits >> 16 & 0x8000u;
  const uint32_t exponent = bits >> 23 & 0xFFu;
  const uint32_t fraction = bits & 0x7FFFFFu;
  if (exponent == 0xFF) {
    const uint32_t nan = fraction == 0 ? 0 : 0x200u | fraction >> 13;
    return static_cast<uint16_t>(sign | 0x7C00u | nan);
  }
  if (exponent >= 143) return static_cast<uint16_t>(sign | 0x7C00u);
  /* A carry out of the fraction goes into the exponent, up to infinity: that is what it means. */
  if (exponent >= 113) {
    return static_cast<uint16_t>(sign | shift_round((exponent - 112) << 23 | fraction, 13));
  }
  if (exponent < 102) return static_cast<uint16_t>(sign);
  return static_cast<uint16_t>(sign | shift_round(fraction | 0x800000u, 126 - exponent));
}

}  // namespace ascend_emu
