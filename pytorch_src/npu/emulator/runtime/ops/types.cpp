#include "types.h"

#include <limits>

#include "core/refusal.h"

namespace ascend_emu {

namespace {

constexpr uint64_t kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());

/* In the order of their values. */
const TypeFacts kTypes[] = {
    {ACL_DT_UNDEFINED, "DT_UNDEFINED", 0},
    {ACL_FLOAT, "DT_FLOAT", 32},
    {ACL_FLOAT16, "DT_FLOAT16", 16},
    {ACL_INT8, "DT_INT8", 8},
    {ACL_INT32, "DT_INT32", 32},
    {ACL_UINT8, "DT_UINT8", 8},
    {ACL_INT16, "DT_INT16", 16},
    {ACL_UINT16, "DT_UINT16", 16},
    {ACL_UINT32, "DT_UINT32", 32},
    {ACL_INT64, "DT_INT64", 64},
    {ACL_UINT64, "DT_UINT64", 64},
    {ACL_DOUBLE, "DT_DOUBLE", 64},
    {ACL_BOOL, "DT_BOOL", 8},
    {ACL_STRING, "DT_STRING", 0},
    {ACL_COMPLEX64, "DT_COMPLEX64", 64},
    {ACL_COMPLEX128, "DT_COMPLEX128", 128},
    {ACL_BF16, "DT_BF16", 16},
    {ACL_INT4, "DT_INT4", 4},
    {ACL_UINT1, "DT_UINT1", 1},
    {ACL_COMPLEX32, "DT_COMPLEX32", 32},
    {ACL_HIFLOAT8, "DT_HIFLOAT8", 8},
    {ACL_FLOAT8_E5M2, "DT_FLOAT8_E5M2", 8},
    {ACL_FLOAT8_E4M3FN, "DT_FLOAT8_E4M3FN", 8},
    {ACL_FLOAT8_E8M0, "DT_FLOAT8_E8M0", 8},
    {ACL_FLOAT6_E3M2, "DT_FLOAT6_E3M2", 6},
    {ACL_FLOAT6_E2M3, "DT_FLOAT6_E2M3", 6},
    {ACL_FLOAT4_E2M1, "DT_FLOAT4_E2M1", 4},
    {ACL_FLOAT4_E1M2, "DT_FLOAT4_E1M2", 4},
};

const struct {
  aclFormat format;
  const char *name;
} kFormats[] = {
    {ACL_FORMAT_UNDEFINED, "UNDEFINED"},
    {ACL_FORMAT_NCHW, "NCHW"},
    {ACL_FORMAT_NHWC, "NHWC"},
    {ACL_FORMAT_ND, "ND"},
    {ACL_FORMAT_NC1HWC0, "NC1HWC0"},
    {ACL_FORMAT_FRACTAL_Z, "FRACTAL_Z"},
    {ACL_FORMAT_NC1HWC0_C04, "NC1HWC0_C04"},
    {ACL_FORMAT_HWCN, "HWCN"},
    {ACL_FORMAT_NDHWC, "NDHWC"},
    {ACL_FORMAT_FRACTAL_NZ, "FRACTAL_NZ"},
    {ACL_FORMAT_NCDHW, "NCDHW"},
    {ACL_FORMAT_NDC1HWC0, "NDC1HWC0"},
    {ACL_FRACTAL_Z_3D, "FRACTAL_Z_3D"},
    {ACL_FORMAT_NC, "NC"},
    {ACL_FORMAT_NCL, "NCL"},
    {ACL_FORMAT_FRACTAL_NZ_C0_16, "FRACTAL_NZ_C0_16"},
    {ACL_FORMAT_FRACTAL_NZ_C0_32, "FRACTAL_NZ_C0_32"},
    {ACL_FORMAT_FRACTAL_NZ_C0_2, "FRACTAL_NZ_C0_2"},
    {ACL_FORMAT_FRACTAL_NZ_C0_4, "FRACTAL_NZ_C0_4"},
    {ACL_FORMAT_FRACTAL_NZ_C0_8, "FRACTAL_NZ_C0_8"},
};

}  // namespace

const TypeFacts *find_type(int32_t type) {
  for (const TypeFacts &facts : kTypes) {
    if (facts.type == type) return &facts;
  }
  return nullptr;
}

std::string type_name(int32_t type) {
  const TypeFacts *facts = find_type(type);
  return facts == nullptr ? format("%d (no aclDataType)", type) : std::string(facts->name);
}

const char *find_format_name(int32_t format) {
  for (const auto &entry : kFormats) {
    if (entry.format == format) return entry.name;
  }
  return nullptr;
}

std::string format_name(int32_t value) {
  const char *name = find_format_name(value);
  return name == nullptr ? format("%d (no aclFormat)", value) : std::string(name);
}

size_t type_alignment(int32_t type) {
  switch (type) {
    case ACL_COMPLEX32:
      return 2; /* pairs are aligned as their halves are */
    case ACL_COMPLEX64:
      return 4;
    case ACL_COMPLEX128:
      return 8;
    default:
      break;
  }
  const TypeFacts *facts = find_type(type);
  return facts == nullptr || facts->bits < 8 ? 1 : facts->bits / 8;
}

bool count_elements(const int64_t *dims, size_t ndim, uint64_t *count) {
  for (size_t i = 0; i < ndim; ++i) {
    if (dims[i] == 0) {
      *count = 0;
      return true;
    }
  }
  uint64_t product = 1;
  for (size_t i = 0; i < ndim; ++i) {
    const uint64_t dim = static_cast<uint64_t>(dims[i]);
    if (product > kMost / dim) return false;
    product *= dim;
  }
  *count = product;
  return true;
}

bool count_bytes(uint64_t elements, int32_t type, uint64_t *bytes) {
  const TypeFacts *facts = find_type(type);
  const uint64_t bits = facts == nullptr ? 0 : facts->bits;
  if (bits >= 8) {
    if (elements > kMost / (bits / 8)) return false;
    *bytes = elements * (bits / 8);
    return true;
  }
  /* Elements of less than a byte: eighths first, so that the product cannot overflow. */
  *bytes = elements / 8 * bits + (elements % 8 * bits + 7) / 8;
  return true;
}

std::string dims_text(const int64_t *dims, size_t ndim) {
  std::string text = "[";
  for (size_t i = 0; i < ndim; ++i) {
    if (i != 0) text += ", ";
    text += std::to_string(dims[i]);
  }
  return text + "]";
}

}  // namespace ascend_emu
