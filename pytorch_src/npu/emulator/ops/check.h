/* Compares a call with its operator's prototype. No torch here. */
#ifndef ASCENDTORCH_EMU_CHECK_H_
#define ASCENDTORCH_EMU_CHECK_H_

#include "prototype.h"

namespace ascend_emu {

/* The prototype of an operator. Refusal(ACL_ERROR_OP_NOT_FOUND) with the nearest name. */
const Prototype &require_prototype(const char *op);

/* Refusal with the code that EmuOps.check documents, and what was given and what is allowed. */
void check_call(const Prototype &prototype, EmuCall &call);

/* Fills actual_ndim and actual_dims of every output from the shape rules.
   Refusal(ACL_ERROR_OP_UNSUPPORTED_DYNAMIC) when a shape is not known before the operator ran. */
void infer_call(const Prototype &prototype, EmuCall &call);

}  // namespace ascend_emu

#endif
