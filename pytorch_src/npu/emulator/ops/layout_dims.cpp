#include "layout_dims.h"

#include <algorithm>

#include "ops/types.h"

namespace ascend_emu {

namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

int64_t lcm(int64_t a, int64_t b) {
  int64_t x = a, y = b;
  while (y != 0) {
    const int64_t rest = x % y;
    x = y;
    y = rest;
  }
  return a / x * b;
}

/* Dims of a 4- or 5-dim tensor by the letter of the axis. */
class ByLetter {
 public:
  ByLetter(const std::string &letters, const Dims &dims) : letters_(letters), dims_(dims) {}
  int64_t operator[](char letter) const { return dims_[letters_.find(letter)]; }

 private:
  const std::string &letters_;
  const Dims &dims_;
};

Dims fractal_z_dims(const ByLetter &by, int64_t depth, int64_t c0, int64_t groups) {
  const int64_t pixels = depth * by['H'] * by['W'];
  if (groups <= 1) {
    return {ceil_div(by['C'], c0) * pixels, ceil_div(by['N'], kBlockRows), kBlockRows, c0};
  }
  const GroupedFilter grouped = group_filter(by['C'], by['N'] / groups, groups, c0);
  return {grouped.blocks * (grouped.channels / c0) * pixels, grouped.filters / kBlockRows,
          kBlockRows, c0};
}

}  // namespace

int64_t block_channels(int32_t dtype) {
  const TypeFacts *facts = find_type(dtype);
  return facts != nullptr && facts->bits == 8 ? 32 : 16;
}

bool is_private(int32_t format) {
  switch (format) {
    case ACL_FORMAT_NC1HWC0:
    case ACL_FORMAT_NDC1HWC0:
    case ACL_FORMAT_FRACTAL_Z:
    case ACL_FRACTAL_Z_3D:
    case ACL_FORMAT_FRACTAL_NZ:
    case ACL_FORMAT_NC1HWC0_C04:
    case ACL_FORMAT_FRACTAL_NZ_C0_16:
    case ACL_FORMAT_FRACTAL_NZ_C0_32:
    case ACL_FORMAT_FRACTAL_NZ_C0_2:
    case ACL_FORMAT_FRACTAL_NZ_C0_4:
    case ACL_FORMAT_FRACTAL_NZ_C0_8:
      return true;
    default:
      return false;
  }
}

std::string axis_letters(int32_t format) {
  switch (format) {
    case ACL_FORMAT_NCHW:
    case ACL_FORMAT_NHWC:
    case ACL_FORMAT_HWCN:
    case ACL_FORMAT_NCDHW:
    case ACL_FORMAT_NDHWC:
      return format_name(format);
    default:
      return "";
  }
}

GroupedFilter group_filter(int64_t channels, int64_t filters, int64_t groups, int64_t c0) {
  GroupedFilter grouped;
  const int64_t fill_channels = lcm(channels, c0) / channels;
  const int64_t fill_filters = lcm(filters, kBlockRows) / filters;
  grouped.together = std::min(lcm(fill_channels, fill_filters), groups);
  grouped.blocks = ceil_div(groups, grouped.together);
  grouped.channels = ceil_div(grouped.together * channels, c0) * c0;
  grouped.filters = ceil_div(grouped.together * filters, kBlockRows) * kBlockRows;
  return grouped;
}

bool packed_dims(int32_t format, int32_t plain, const Dims &dims, int32_t dtype, int64_t groups,
                 Dims *packed, std::string *why) {
  const int64_t c0 = block_channels(dtype);
  if (format == ACL_FORMAT_FRACTAL_NZ) {
    if (dims.size() < 2) {
      *why = "FRACTAL_NZ takes 2 dims or more";
      return false;
    }
    *packed = Dims(dims.begin(), dims.end() - 2);
    packed->insert(packed->end(), {ceil_div(dims.back(), c0),
                                   ceil_div(dims[dims.size() - 2], kBlockRows), kBlockRows, c0});
    return true;
  }
  const bool deep = format == ACL_FORMAT_NDC1HWC0 || format == ACL_FRACTAL_Z_3D;
  const bool known = deep || format == ACL_FORMAT_NC1HWC0 || format == ACL_FORMAT_FRACTAL_Z;
  const std::string letters = axis_letters(plain);
  if (!known || letters.size() != (deep ? 5 : 4) || dims.size() != letters.size()) {
    *why = !known ? "the emulator has no such layout"
           : deep ? "it takes 5 dims in NCDHW or NDHWC"
                  : "it takes 4 dims in NCHW, NHWC or HWCN";
    return false;
  }
  const ByLetter by(letters, dims);
  if (format == ACL_FORMAT_FRACTAL_Z || format == ACL_FRACTAL_Z_3D) {
    if (groups < 1 || by['N'] % groups != 0) {
      *why = std::to_string(by['N']) + " filters do not divide into " + std::to_string(groups) +
             " groups";
      return false;
    }
    if (groups > 1 && (by['N'] == 0 || by['C'] == 0)) {
      *why = "an empty filter has no groups";
      return false;
    }
    *packed = fractal_z_dims(by, deep ? by['D'] : 1, c0, groups);
    return true;
  }
  *packed = {by['N']};
  if (deep) packed->push_back(by['D']);
  packed->insert(packed->end(), {ceil_div(by['C'], c0), by['H'], by['W'], c0});
  return true;
}

}  // namespace ascend_emu
