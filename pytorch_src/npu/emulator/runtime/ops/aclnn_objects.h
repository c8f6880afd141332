/* What the opaque pointers of aclnn stand for. */
#ifndef ASCENDTORCH_EMU_ACLNN_OBJECTS_H_
#define ASCENDTORCH_EMU_ACLNN_OBJECTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "aclnn/acl_meta.h"
#include "core/handles.h"
#include "op_call.h"
#include "tensor_desc.h"

namespace ascend_emu {

/* A view into a storage. Offset and strides count elements. */
struct AclnnTensor {
  int32_t type = ACL_DT_UNDEFINED;
  int32_t format = ACL_FORMAT_ND;
  Dims strides;
  int64_t offset = 0;
  Dims storage;
  void *data = nullptr;

  /* An operator whose result tells its shape changes it when it has run. */
  Dims dims() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return dims_;
  }
  void set_dims(Dims dims) {
    std::lock_guard<std::mutex> lock(mutex_);
    dims_ = std::move(dims);
  }

 private:
  mutable std::mutex mutex_;
  Dims dims_;
};

/* A number, as its bytes lie in memory. */
struct AclnnScalar {
  int32_t type = ACL_DT_UNDEFINED;
  size_t bytes = 0;
  char value[16] = {};
};

/* The real part of a scalar of any type. */
double as_double(const AclnnScalar &scalar);

/* aclIntArray, aclBoolArray, aclFloatArray. */
struct AclnnArray {
  enum class Kind { kInt, kBool, kFloat };
  Kind kind = Kind::kInt;
  std::vector<int64_t> ints; /* also bools */
  std::vector<double> floats;
};

/* aclTensorList, aclScalarList: owns what is in it, as in CANN. */
struct AclnnList {
  enum class Kind { kTensor, kScalar };
  Kind kind = Kind::kTensor;
  std::vector<const void *> handles;
};

/* Between the two calls of an aclnn function. */
struct Executor {
  std::string function;
  std::shared_ptr<OpCall> call;
  std::vector<std::shared_ptr<AclnnTensor>> outputs; /* as in the call; for their final shapes */
};

/* Refusal(ACLNN_ERR_PARAM_INVALID) when the value's type is none a scalar can have. */
AclnnScalar read_scalar(const void *value, int32_t type);

/* Refusal(ACLNN_ERR_PARAM_INVALID) when a view reaches out of its storage, with both sizes. */
void check_view(const Dims &dims, const Dims &strides, int64_t offset, const Dims &storage);

/* Whether the bytes are laid out as one of CANN's private formats: then the view's shape is only
   how the network sees the tensor. */
bool is_private_format(int32_t format);

Handles<AclnnTensor> &aclnn_tensors();
Handles<AclnnScalar> &aclnn_scalars();
Handles<AclnnArray> &aclnn_arrays();
Handles<AclnnList> &aclnn_lists();
Handles<Executor> &executors();

}  // namespace ascend_emu

#endif
