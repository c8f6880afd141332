#include "overflow.h"

#include <cstring>

#include "types.h"

namespace ascend_emu {

namespace {

/* How a float type says inf or nan: all bits of the exponent are set. */
struct FloatLayout {
  size_t bytes;     /* of one number */
  size_t numbers;   /* in an element: 2 in a complex one */
  uint64_t exponent;
};

FloatLayout layout_of(int32_t type) {
  switch (type) {
    case ACL_FLOAT16:
      return {2, 1, 0x7C00};
    case ACL_BF16:
      return {2, 1, 0x7F80};
    case ACL_FLOAT:
      return {4, 1, 0x7F800000};
    case ACL_DOUBLE:
      return {8, 1, 0x7FF0000000000000};
    case ACL_COMPLEX32:
      return {2, 2, 0x7C00};
    case ACL_COMPLEX64:
      return {4, 2, 0x7F800000};
    case ACL_COMPLEX128:
      return {8, 2, 0x7FF0000000000000};
    default:
      return {0, 0, 0};
  }
}

template <class Word>
bool finite(const char *bytes, uint64_t numbers, uint64_t exponent) {
  const Word mask = static_cast<Word>(exponent);
  for (uint64_t i = 0; i < numbers; ++i) {
    Word word;
    std::memcpy(&word, bytes + i * sizeof(Word), sizeof(Word));
    if ((word & mask) == mask) return false;
  }
  return true;
}

bool finite_run(const char *bytes, uint64_t numbers, const FloatLayout &layout) {
  if (layout.bytes == 2) return finite<uint16_t>(bytes, numbers, layout.exponent);
  if (layout.bytes == 4) return finite<uint32_t>(bytes, numbers, layout.exponent);
  return finite<uint64_t>(bytes, numbers, layout.exponent);
}

/* An odometer over all dims; strided tensors are views, which have gaps that hold anything. */
bool finite_strided(const EmuTensor &tensor, const FloatLayout &layout) {
  const size_t element = layout.bytes * layout.numbers;
  const char *base = static_cast<const char *>(tensor.data);
  int64_t index[EMU_OPS_MAX_DIMS] = {};
  for (;;) {
    int64_t at = tensor.offset;
    for (int32_t d = 0; d < tensor.ndim; ++d) at += index[d] * tensor.strides[d];
    if (!finite_run(base + static_cast<size_t>(at) * element, layout.numbers, layout)) return false;
    int32_t d = tensor.ndim - 1;
    while (d >= 0 && ++index[d] == tensor.dims[d]) index[d--] = 0;
    if (d < 0) return true;
  }
}

bool is_finite(const EmuTensor &tensor) {
  const FloatLayout layout = layout_of(tensor.dtype);
  if (layout.bytes == 0 || tensor.data == nullptr) return true;
  if (tensor.strides != nullptr) return finite_strided(tensor, layout);
  uint64_t bytes = tensor.bytes;
  if (tensor.actual_ndim >= 0 && tensor.origin_ndim < 0) {
    /* Of a larger buffer only this much was written. A layout of its own is always full. */
    uint64_t elements = 0;
    count_elements(tensor.actual_dims, static_cast<size_t>(tensor.actual_ndim), &elements);
    count_bytes(elements, tensor.dtype, &bytes);
  }
  return finite_run(static_cast<const char *>(tensor.data), bytes / layout.bytes, layout);
}

}  // namespace

bool inputs_are_finite(const OpCall &call) {
  for (size_t i = 0; i < call.inputs(); ++i) {
    if (!is_finite(call.tensor(i))) return false;
  }
  return true;
}

std::string output_with_overflow(const OpCall &call) {
  for (size_t i = call.inputs(); i < call.operands(); ++i) {
    if (!is_finite(call.tensor(i))) return call.operand_name(i);
  }
  return "";
}

}  // namespace ascend_emu
