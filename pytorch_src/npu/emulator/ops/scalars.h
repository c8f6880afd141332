/* Inputs that hold one number: axes, counts, seeds. No torch here. */
#ifndef ASCENDTORCH_EMU_SCALARS_H_
#define ASCENDTORCH_EMU_SCALARS_H_

#include "call.h"

namespace ascend_emu {

/* The only element of an integer input; refused when it has none or several. */
int64_t one_int(const Call &call, int input);
/* The only element of an input of any number type. */
double one_float(const Call &call, int input);

}  // namespace ascend_emu

#endif
