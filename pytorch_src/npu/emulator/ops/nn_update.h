/* Inputs that an operator updates where they are, without an output for them. */
#ifndef ASCENDTORCH_EMU_NN_UPDATE_H_
#define ASCENDTORCH_EMU_NN_UPDATE_H_

#include "args.h"

namespace ascend_emu {

/* Writes `value`, which is no view of an input, into an input's memory: cast to its type, laid out
   in its layout. CANN's optimisers do so with their slots (accum, m, v, ...). */
void update_input(Args &a, int input, const at::Tensor &value);

}  // namespace ascend_emu

#endif
