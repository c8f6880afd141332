/* What aclTensorDesc and aclDataBuffer stand for. */
#ifndef ASCENDTORCH_EMU_TENSOR_DESC_H_
#define ASCENDTORCH_EMU_TENSOR_DESC_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "acl/acl_base.h"
#include "core/handles.h"

namespace ascend_emu {

using Dims = std::vector<int64_t>;

/* A shape from the caller. -1 is an unknown dim; a single -2 an unknown rank. Refusal
   (ACL_ERROR_INVALID_PARAM) for other negative dims, too many dims, too many elements of `type`
   for a size in bytes below 2^63. */
Dims checked_dims(int64_t ndim, const int64_t *dims, int32_t type);

/* Whether a dim is negative, that is, not known before the operator has run. */
bool has_unknown_dims(const Dims &dims);

/* Refusal(ACL_ERROR_INVALID_PARAM) for values that the enums do not have. */
void check_type(int32_t type);
void check_format(int32_t format);

/* A tensor's shape, twice: as the network sees it (`dims`, `format`), and, after
   aclSetTensorShape and aclSetTensorFormat, as its bytes are laid out (`storage_*`). */
struct TensorDesc {
  int32_t type = ACL_DT_UNDEFINED;
  int32_t format = ACL_FORMAT_UNDEFINED;
  Dims dims;

  bool has_storage_dims = false;
  bool has_storage_format = false;
  Dims storage_dims;
  int32_t storage_format = ACL_FORMAT_UNDEFINED;

  bool has_origin_dims = false;
  bool has_origin_format = false;
  Dims origin_dims;
  int32_t origin_format = ACL_FORMAT_UNDEFINED;

  std::string name;
  std::string dynamic_input; /* the operator's variadic input that this is one of */
  int32_t placement = ACL_MEMTYPE_DEVICE;
  bool is_const = false;
  std::vector<char> constant; /* a copy of what aclSetTensorConst was given */

  Dims range;       /* pairs: least and most of each dim */
  Dims value_range; /* pairs */

  /* An optional operand that is not given is described by ACL_DT_UNDEFINED. */
  bool absent() const { return type == ACL_DT_UNDEFINED; }
  const Dims &laid_out_dims() const { return has_storage_dims ? storage_dims : dims; }
  int32_t laid_out_format() const { return has_storage_format ? storage_format : format; }
};

/* Bytes of a tensor as laid out; 0 when a dim is unknown. */
uint64_t laid_out_bytes(const TensorDesc &desc);

struct DataBuffer {
  void *data = nullptr;
  size_t bytes = 0;
};

/* Objects of the process: they live before aclInit and after aclFinalize, as in CANN. */
Handles<TensorDesc> &tensor_descs();
Handles<DataBuffer> &data_buffers();

}  // namespace ascend_emu

#endif
