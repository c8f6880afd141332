/* The operator library, loaded at the first operator. */
#ifndef ASCENDTORCH_EMU_LIBRARY_H_
#define ASCENDTORCH_EMU_LIBRARY_H_

#include "emu_ops.h"

namespace ascend_emu {

/* ASCEND_EMU_OPS, or libascend_emu_ops.so beside this library. It stays loaded for ever.
   Refusal(ACL_ERROR_OP_LOAD_FAILED) with the path, what the loader said and a remedy. */
const EmuOps &op_library();

}  // namespace ascend_emu

#endif
