/* The code that a mistake gets depends on when it shows. No torch here. */
#ifndef ASCENDTORCH_EMU_CODES_H_
#define ASCENDTORCH_EMU_CODES_H_

#include "acl/acl_base.h"
#include "acl/acl_rt_errors.h"

namespace ascend_emu {

/* Inputs that do not fit, found before the operator is launched. */
constexpr int32_t kAtCheck = ACL_ERROR_OP_INPUT_NOT_MATCH;
/* The same found with the data in hand, where hardware raises an exception of the AI core. */
constexpr int32_t kAtRun = ACL_ERROR_RT_AICORE_EXCEPTION;
/* Attributes that do not fit the inputs. */
constexpr int32_t kAttr = ACL_ERROR_OP_ATTR_NOT_MATCH;

}  // namespace ascend_emu

#endif
