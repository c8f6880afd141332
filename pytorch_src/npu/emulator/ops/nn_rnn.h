/* What recurrent operators share. */
#ifndef ASCENDTORCH_EMU_NN_RNN_H_
#define ASCENDTORCH_EMU_NN_RNN_H_

#include <string>
#include <vector>

#include "args.h"
#include "shapes.h"

namespace ascend_emu {

/* Refusal when an input from `first` to `last` is given: peepholes, masks, ... that CANN has not
   implemented either or that the emulator does not compute. */
void refuse_inputs(const Call &call, int first, int last);
/* Refusal unless a number attribute has its only supported value. */
void expect_int(const Call &call, const char *attr, int64_t value);
void expect_float(const Call &call, const char *attr, double value);
void expect_bool(const Call &call, const char *attr, bool value);
/* Refusal unless an input has these dims. */
void expect_dims(const Call &call, int input, const Dims &dims);
/* A state: [1, N, H] or [N, H]. */
void expect_state(const Call &call, int input, int64_t batch, int64_t hidden);
/* Lengths of sequences, where given, must all be the number of steps: what CANN computes past the
   end of a shorter one is not published. */
void expect_full_length(const Args &a, int input, int64_t steps);

/* A state as [N, H]; zeros like `like` when it was not given. */
at::Tensor state(const Args &a, int input, const at::Tensor &like);

}  // namespace ascend_emu

#endif
