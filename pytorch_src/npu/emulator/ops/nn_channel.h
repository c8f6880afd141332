/* Statistics of channels: one value per channel of a feature map. */
#ifndef ASCENDTORCH_EMU_NN_CHANNEL_H_
#define ASCENDTORCH_EMU_NN_CHANNEL_H_

#include "args.h"
#include "shapes.h"
#include "widen.h"

namespace ascend_emu {

/* Which axis of a feature map is C: the one that its format names, else the second. Refusal for
   less than two dims. */
size_t channel_axis(const Call &call, int input);
int64_t channels_of(const Call &call, int input);
/* Elements of each channel. */
int64_t channel_size(const Call &call, int input);
/* All axes but C. */
Ints other_axes(const Call &call, int input);

/* Refusal unless the inputs from `first` to `last` have one value per channel of `feature`:
   [C], or as many dims as `feature` with 1 for the other axes. */
void expect_channel_values(const Call &call, int feature, int first, int last);
/* The outputs from `first` to `last` have one value per channel: [C], or all dims where the
   caller declared them so. */
void set_channel_values(Shapes &shapes, int feature, int first, int last);

/* Such an input as float, to be broadcast over `feature`. */
at::Tensor channel_values(const Args &a, int feature, int input);
/* Gives such an output out, in the dims that the caller declared. */
void out_channel_values(Args &a, int feature, int output, const at::Tensor &values);

}  // namespace ascend_emu

#endif
