/* Losses of elements and what becomes of them: none, mean, sum or batchmean. */
#ifndef ASCENDTORCH_EMU_NN_REDUCTION_H_
#define ASCENDTORCH_EMU_NN_REDUCTION_H_

#include "args.h"
#include "shapes.h"

namespace ascend_emu {

/* The output gets `losses`, or, when they are reduced, one element: without dims, or [1] where the
   caller declared it so. */
void set_reduced(Shapes &shapes, int output, const Dims &losses);
/* The same for an output that always has one element. */
void set_one(Shapes &shapes, int output);

/* Gives losses out as the attribute `reduction` says. */
void out_reduced(Args &a, int output, const at::Tensor &losses);
void out_one(Args &a, int output, const at::Tensor &value);

/* By what a gradient is divided: how many elements there are when the mean was taken, how many
   samples for batchmean, else 1. */
double reduction_divisor(const Call &call, const Dims &losses);

/* Refusal unless this input broadcasts to these dims. */
void expect_broadcast(const Call &call, int input, const Dims &to);
/* Refusal unless two inputs have the same dims. */
void expect_same_dims(const Call &call, int first, int second);

}  // namespace ascend_emu

#endif
