/* From the arguments of the aclop functions to an OpCall. */
#ifndef ASCENDTORCH_EMU_CAPTURE_H_
#define ASCENDTORCH_EMU_CAPTURE_H_

#include <memory>

#include "acl/acl_op.h"
#include "op_call.h"

namespace ascend_emu {

class DeviceMemory;

/* As the C functions take them. Buffers may be NULL as a whole where nothing is computed. */
struct OpArguments {
  const char *op_type;
  int num_inputs;
  const aclTensorDesc *const *input_descs;
  const aclDataBuffer *const *inputs;
  int num_outputs;
  const aclTensorDesc *const *output_descs;
  const aclDataBuffer *const *outputs;
  const aclopAttr *attrs;
};

enum class CaptureFor {
  kCheck, /* descriptors only */
  kInfer, /* inputs in host memory have values, others have none */
  kRun,   /* every operand needs its bytes */
};

/* Refusal(ACL_ERROR_INVALID_PARAM) for null or dangling handles, negative counts, buffers that
   are too small for their descriptor. Device pointers are only noted (see run.h). */
std::shared_ptr<OpCall> capture(const OpArguments &arguments, CaptureFor purpose,
                                const DeviceMemory &memory);

}  // namespace ascend_emu

#endif
