/* Signatures of operators as JSON: aclopStartDumpArgs. */
#ifndef ASCENDTORCH_EMU_OP_ARGS_H_
#define ASCENDTORCH_EMU_OP_ARGS_H_

#include <string>

#include "emu_ops.h"

namespace ascend_emu {

/* One JSON object: type, operands with dtype, format and shape, attributes. Equal calls give equal
   texts, whatever their data. */
std::string op_signature(const EmuCall &call);

}  // namespace ascend_emu

#endif
