/* Overflow detection: infinities and nans that an operator made out of finite numbers. */
#ifndef ASCENDTORCH_EMU_OVERFLOW_H_
#define ASCENDTORCH_EMU_OVERFLOW_H_

#include <string>

#include "op_call.h"

namespace ascend_emu {

/* Both look at the bytes of pinned operands of the float and complex types; integers are finite. */
bool inputs_are_finite(const OpCall &call);

/* "output y" for the first output that has inf or nan; "" for none. */
std::string output_with_overflow(const OpCall &call);

}  // namespace ascend_emu

#endif
