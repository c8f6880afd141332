/* An operator call in words: for logs, traces and errors. */
#ifndef ASCENDTORCH_EMU_OP_TEXT_H_
#define ASCENDTORCH_EMU_OP_TEXT_H_

#include <string>

#include "op_call.h"

namespace ascend_emu {

/* "Op [Add]: " in front of a text that does not begin so already. */
std::string with_op(const char *op, const std::string &text);

/* One line for the host log. Tools that collect operator information look for
   "aclopCompile::aclOp", take what follows "OpType: " without the line's last character, and
   split it at the first comma into the operator's type and its parameters. */
std::string log_text(const OpCall &call);

/* The members of a JSON object, without braces: op, inputs, outputs, attributes. */
std::string trace_details(const OpCall &call);

}  // namespace ascend_emu

#endif
