/* Operands of an OpCall out of what aclnn functions are given. */
#ifndef ASCENDTORCH_EMU_ACLNN_OPERAND_H_
#define ASCENDTORCH_EMU_ACLNN_OPERAND_H_

#include "aclnn_objects.h"
#include "op_call.h"

namespace ascend_emu {

/* Operand `i`: a view, in the bytes that it reaches; NULL for one that is not given.
   Refusal(ACLNN_ERR_PARAM_NULLPTR) when it has elements but no data. */
void add_tensor(const AclnnTensor *tensor, const char *name, OpCall &call, size_t i);

/* Operand `i`: numbers in host memory, which are copied; one of no dims when `count` is NULL. */
void add_numbers(const void *values, size_t bytes, int32_t type, const int64_t *count,
                 const char *name, OpCall &call, size_t i);

}  // namespace ascend_emu

#endif
