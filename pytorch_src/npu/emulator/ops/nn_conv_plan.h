/* What a convolution operator is asked for: shapes of its three tensors and how its window moves,
   as they follow from formats and attributes. No torch here. */
#ifndef ASCENDTORCH_EMU_NN_CONV_PLAN_H_
#define ASCENDTORCH_EMU_NN_CONV_PLAN_H_

#include <string>
#include <utility>

#include "call.h"

namespace ascend_emu {

/* One entry per spatial axis, outermost first; padding may differ on the two sides. */
struct ConvGeometry {
  Ints stride;
  Ints dilation;
  Ints before;
  Ints after;
  int64_t groups;
};

/* A tensor as the caller has it: dims in the order of its axes. */
struct ConvSide {
  std::string axes;
  Dims dims;
};

/* The tensors as convolution computes them, dims channels first: y[N, O, ...] of x[N, C, ...] and
   w[O, C / groups, ...]. */
struct ConvPlan {
  std::string x_axes;
  std::string w_axes; /* of the caller's filter; of a depthwise one N is the multiplier */
  std::string y_axes;
  Dims x;
  Dims w;
  Dims y;
  ConvGeometry geometry;
  bool depthwise;
};

/* A feature map among the inputs. */
ConvSide conv_feature(const Call &call, int input);
/* A filter among the inputs; of a format that names no axes (ND) those that go with x. */
ConvSide conv_filter(const Call &call, int input, const std::string &x_axes);
std::string conv_filter_result_axes(const Call &call, int output, const std::string &x_axes);

/* A size given as an attribute (operators named ...D) or else as a constant input. */
bool conv_size_known(const Call &call, const char *attr, int input);
Dims conv_size(const Call &call, const char *attr, int input, const std::string &axes);

/* Refusal when channels, groups, window or attributes do not fit together. `depthwise`: every
   channel has its own filters, groups is no attribute. */
ConvPlan plan_conv(const Call &call, const ConvSide &x, const ConvSide &w,
                   const std::string &y_axes, bool depthwise);

/* Refusal unless this input, the gradient of y, has the dims that the plan computes. */
void expect_conv_result(const Call &call, const ConvPlan &plan, int input);
/* Refusal unless a bias, when given, has one value per output channel. */
void expect_conv_bias(const Call &call, int64_t channels, int input);
/* Refusal when an operand that CANN reserves is given or an int8 offset is not 0. */
void refuse_conv_offsets(const Call &call, int offset_w);
/* Refusal unless the types of x, filter and y are a combination that CANN publishes. */
void expect_conv_types(const Call &call, int32_t x, int32_t y);

}  // namespace ascend_emu

#endif
