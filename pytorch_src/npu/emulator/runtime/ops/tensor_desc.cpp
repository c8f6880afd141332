#include "tensor_desc.h"

#include "emu_ops.h"
#include "core/refusal.h"
#include "types.h"

namespace ascend_emu {

Dims checked_dims(int64_t ndim, const int64_t *dims, int32_t type) {
  if (ndim < 0 || ndim > EMU_OPS_MAX_DIMS) {
    refuse(ACL_ERROR_INVALID_PARAM, "%lld dims: 0 to %d are allowed",
           static_cast<long long>(ndim), EMU_OPS_MAX_DIMS);
  }
  if (ndim > 0 && dims == nullptr) {
    refuse(ACL_ERROR_INVALID_PARAM, "dims is null, but the tensor has %lld dims",
           static_cast<long long>(ndim));
  }
  const size_t count = static_cast<size_t>(ndim);
  bool unknown = false;
  for (size_t i = 0; i < count; ++i) {
    if (dims[i] >= 0) continue;
    unknown = true;
    if (dims[i] == -1 || (dims[i] == -2 && count == 1)) continue;
    refuse(ACL_ERROR_INVALID_PARAM,
           "dim %zu of the shape %s is negative: allowed are sizes from 0, -1 for a size that is "
           "not known, and the shape [-2] for a rank that is not known",
           i, dims_text(dims, count).c_str());
  }
  uint64_t elements = 0, bytes = 0;
  if (!unknown && (!count_elements(dims, count, &elements) ||
                   !count_bytes(elements, type, &bytes))) {
    refuse(ACL_ERROR_INVALID_PARAM,
           "a tensor of shape %s and type %s would have 2^63 bytes or more",
           dims_text(dims, count).c_str(), type_name(type).c_str());
  }
  return Dims(dims, dims + count);
}

bool has_unknown_dims(const Dims &dims) {
  for (int64_t dim : dims) {
    if (dim < 0) return true;
  }
  return false;
}

void check_type(int32_t type) {
  if (find_type(type) == nullptr) {
    refuse(ACL_ERROR_INVALID_PARAM, "the data type is %d, which is no value of aclDataType", type);
  }
}

void check_format(int32_t format) {
  if (find_format_name(format) == nullptr) {
    refuse(ACL_ERROR_INVALID_PARAM, "the format is %d, which is no value of aclFormat", format);
  }
}

uint64_t laid_out_bytes(const TensorDesc &desc) {
  const Dims &dims = desc.laid_out_dims();
  if (has_unknown_dims(dims)) return 0;
  uint64_t elements = 0, bytes = 0;
  /* Neither can fail: checked_dims let the shape in. */
  count_elements(dims.data(), dims.size(), &elements);
  count_bytes(elements, desc.type, &bytes);
  return bytes;
}

/* Never destroyed: other libraries' destructors may call in at the end of the process. */
Handles<TensorDesc> &tensor_descs() {
  static auto *const all =
      new Handles<TensorDesc>(HandleKind::kTensorDesc, "tensor descriptor");
  return *all;
}

Handles<DataBuffer> &data_buffers() {
  static auto *const all = new Handles<DataBuffer>(HandleKind::kDataBuffer, "data buffer");
  return *all;
}

}  // namespace ascend_emu
