#include "aclnn_objects.h"

#include <cstring>

#include "core/refusal.h"
#include "float16.h"
#include "types.h"

namespace ascend_emu {

namespace {

template <class T>
T read(const char *value) {
  T result;
  std::memcpy(&result, value, sizeof result);
  return result;
}

double bf16(const char *value) {
  const uint32_t bits = static_cast<uint32_t>(read<uint16_t>(value)) << 16;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return static_cast<double>(result);
}

bool is_scalar_type(int32_t type) {
  switch (type) {
    case ACL_BOOL:
    case ACL_INT8:
    case ACL_UINT8:
    case ACL_INT16:
    case ACL_UINT16:
    case ACL_INT32:
    case ACL_UINT32:
    case ACL_INT64:
    case ACL_UINT64:
    case ACL_FLOAT16:
    case ACL_BF16:
    case ACL_FLOAT:
    case ACL_DOUBLE:
    case ACL_COMPLEX64:
    case ACL_COMPLEX128:
      return true;
    default:
      return false;
  }
}

}  // namespace

AclnnScalar read_scalar(const void *value, int32_t type) {
  if (!is_scalar_type(type)) {
    refuse(ACLNN_ERR_PARAM_INVALID,
           "a scalar of type %s; allowed are bool, the integers of 8 to 64 bits, float16, bf16, "
           "float, double, complex64 and complex128",
           type_name(type).c_str());
  }
  AclnnScalar scalar;
  scalar.type = type;
  scalar.bytes = find_type(type)->bits / 8;
  std::memcpy(scalar.value, value, scalar.bytes);
  return scalar;
}

double as_double(const AclnnScalar &scalar) {
  const char *value = scalar.value;
  switch (scalar.type) {
    case ACL_BOOL:
    case ACL_UINT8:
      return read<uint8_t>(value);
    case ACL_INT8:
      return read<int8_t>(value);
    case ACL_INT16:
      return read<int16_t>(value);
    case ACL_UINT16:
      return read<uint16_t>(value);
    case ACL_INT32:
      return read<int32_t>(value);
    case ACL_UINT32:
      return read<uint32_t>(value);
    case ACL_INT64:
      return static_cast<double>(read<int64_t>(value));
    case ACL_UINT64:
      return static_cast<double>(read<uint64_t>(value));
    case ACL_FLOAT16:
      return static_cast<double>(half_to_float(read<uint16_t>(value)));
    case ACL_BF16:
      return bf16(value);
    case ACL_FLOAT:
    case ACL_COMPLEX64:
      return static_cast<double>(read<float>(value));
    default:
      return read<double>(value);
  }
}

void check_view(const Dims &dims, const Dims &strides, int64_t offset, const Dims &storage) {
  uint64_t elements = 0, room = 0;
  count_elements(dims.data(), dims.size(), &elements);
  count_elements(storage.data(), storage.size(), &room);
  if (offset < 0) {
    refuse(ACLNN_ERR_PARAM_INVALID, "the offset is %lld", static_cast<long long>(offset));
  }
  if (elements == 0) return;
  uint64_t last = static_cast<uint64_t>(offset);
  for (size_t d = 0; d < dims.size(); ++d) {
    if (strides[d] < 0) {
      refuse(ACLNN_ERR_PARAM_INVALID, "stride %zu is %lld: strides count from 0", d,
             static_cast<long long>(strides[d]));
    }
    uint64_t step = 0;
    if (__builtin_mul_overflow(static_cast<uint64_t>(dims[d] - 1),
                               static_cast<uint64_t>(strides[d]), &step) ||
        __builtin_add_overflow(last, step, &last)) {
      last = UINT64_MAX;
      break;
    }
  }
  if (last >= room) {
    refuse(ACLNN_ERR_PARAM_INVALID,
           "the view of shape %s with strides %s and offset %lld reaches element %llu of a storage "
           "of shape %s, which has %llu elements",
           dims_text(dims.data(), dims.size()).c_str(),
           dims_text(strides.data(), strides.size()).c_str(), static_cast<long long>(offset),
           static_cast<unsigned long long>(last),
           dims_text(storage.data(), storage.size()).c_str(),
           static_cast<unsigned long long>(room));
  }
}

bool is_private_format(int32_t format) {
  switch (format) {
    case ACL_FORMAT_NC1HWC0:
    case ACL_FORMAT_FRACTAL_Z:
    case ACL_FORMAT_NC1HWC0_C04:
    case ACL_FORMAT_FRACTAL_NZ:
    case ACL_FORMAT_NDC1HWC0:
    case ACL_FRACTAL_Z_3D:
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

/* None is ever destroyed: see tensor_descs(). */
Handles<AclnnTensor> &aclnn_tensors() {
  static auto *const all =
      new Handles<AclnnTensor>(HandleKind::kAclnnTensor, "tensor (aclTensor)");
  return *all;
}

Handles<AclnnScalar> &aclnn_scalars() {
  static auto *const all =
      new Handles<AclnnScalar>(HandleKind::kAclnnScalar, "scalar (aclScalar)");
  return *all;
}

Handles<AclnnArray> &aclnn_arrays() {
  static auto *const all = new Handles<AclnnArray>(
      HandleKind::kAclnnArray, "value array (aclIntArray, aclFloatArray, aclBoolArray)");
  return *all;
}

Handles<AclnnList> &aclnn_lists() {
  static auto *const all = new Handles<AclnnList>(HandleKind::kAclnnList,
                                                  "list (aclTensorList, aclScalarList)");
  return *all;
}

Handles<Executor> &executors() {
  static auto *const all = new Handles<Executor>(HandleKind::kExecutor, "aclOpExecutor");
  return *all;
}

}  // namespace ascend_emu
