#include "aclnn_operand.h"

#include "core/refusal.h"
#include "types.h"

namespace ascend_emu {

namespace {

void describe_private(const AclnnTensor &tensor, const Dims &dims, EmuTensor &made, Arena &arena) {
  made.ndim = static_cast<int32_t>(tensor.storage.size());
  made.dims = arena.copy(tensor.storage.data(), tensor.storage.size());
  made.origin_format = ACL_FORMAT_ND;
  made.origin_ndim = static_cast<int32_t>(dims.size());
  made.origin_dims = arena.copy(dims.data(), dims.size());
}

void describe_strides(const AclnnTensor &tensor, const Dims &dims, EmuTensor &made,
                      Arena &arena) {
  /* A scalar has no strides to point to, and needs its offset all the same. */
  int64_t *strides = arena.array<int64_t>(dims.size() + 1);
  for (size_t d = 0; d < dims.size(); ++d) strides[d] = tensor.strides[d];
  made.strides = strides;
  made.offset = tensor.offset;
}

/* Whether the elements lie one behind the other, so that neither strides nor offset are needed. */
bool is_dense(const AclnnTensor &tensor, const Dims &dims) {
  int64_t step = 1;
  for (size_t d = dims.size(); d-- > 0;) {
    if (dims[d] != 1 && tensor.strides[d] != step) return false;
    step *= dims[d];
  }
  return find_type(tensor.type)->bits % 8 == 0;
}

/* Elements of the storage that a view reaches, counted from its start. */
uint64_t reach(const AclnnTensor &tensor, const Dims &dims) {
  uint64_t last = static_cast<uint64_t>(tensor.offset);
  for (size_t d = 0; d < dims.size(); ++d) {
    last += static_cast<uint64_t>((dims[d] - 1) * tensor.strides[d]);
  }
  return last + 1;
}

/* Shape and layout; gives how many bytes into the storage the tensor's own begin. */
uint64_t describe(const AclnnTensor &tensor, const Dims &dims, EmuTensor &made, Arena &arena) {
  made.dtype = tensor.type;
  made.format = tensor.format;
  uint64_t start = 0, count = 0;
  if (is_private_format(tensor.format)) {
    describe_private(tensor, dims, made, arena);
    count_elements(tensor.storage.data(), tensor.storage.size(), &count);
  } else {
    made.ndim = static_cast<int32_t>(dims.size());
    made.dims = arena.copy(dims.data(), dims.size());
    count_elements(dims.data(), dims.size(), &count);
    if (count != 0 && is_dense(tensor, dims)) {
      start = static_cast<uint64_t>(tensor.offset) * (find_type(tensor.type)->bits / 8);
    } else if (count != 0) {
      describe_strides(tensor, dims, made, arena);
      count = reach(tensor, dims);
    }
  }
  count_bytes(count, tensor.type, &made.bytes);
  return start;
}

}  // namespace

void add_tensor(const AclnnTensor *tensor, const char *name, OpCall &call, size_t i) {
  EmuTensor &made = call.tensor(i);
  call.set_name(i, name);
  if (tensor == nullptr) {
    made.absent = 1;
    made.dtype = ACL_DT_UNDEFINED;
    return;
  }
  const uint64_t start = describe(*tensor, tensor->dims(), made, call.arena());
  if (made.bytes == 0) return;
  if (tensor->data == nullptr) {
    refuse(ACLNN_ERR_PARAM_NULLPTR, "argument %s has elements, but its data is null", name);
  }
  call.operand(i) = Operand{static_cast<const char *>(tensor->data) + start, made.bytes};
}

void add_numbers(const void *values, size_t bytes, int32_t type, const int64_t *count,
                 const char *name, OpCall &call, size_t i) {
  EmuTensor &made = call.tensor(i);
  call.set_name(i, name);
  made.host = 1;
  made.dtype = type;
  made.format = ACL_FORMAT_ND;
  made.ndim = count == nullptr ? 0 : 1;
  made.dims = call.arena().copy(count, count == nullptr ? 0 : 1);
  made.bytes = bytes;
  made.data = const_cast<char *>(call.arena().copy(static_cast<const char *>(values), bytes));
}

}  // namespace ascend_emu
