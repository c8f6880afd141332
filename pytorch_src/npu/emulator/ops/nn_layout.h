/* Axes of tensors by their letters ("NHWC"), and lists that have one entry per axis. No torch. */
#ifndef ASCENDTORCH_EMU_NN_LAYOUT_H_
#define ASCENDTORCH_EMU_NN_LAYOUT_H_

#include <string>

#include "call.h"

namespace ascend_emu {

/* The axes of a tensor of this plain format: those that the format names; for ND those of the
   attribute data_format where the operator has one; else channels first. Refusal when `ndim` does
   not fit, naming the operand `what`. */
std::string axes_of(const Call &call, int32_t format, size_t ndim, const std::string &what);
std::string input_axes(const Call &call, int input);
/* The axes that a format names, as many as `otherwise` has, or else these. */
std::string named_axes(const Call &call, int32_t format, const std::string &otherwise,
                       const std::string &what);
/* The axes of an output; when its format names none, `otherwise`. */
std::string result_axes(const Call &call, int output, const std::string &otherwise);

/* Where each axis of `to` is in `from`, as permute wants it. Both have the same letters. */
Dims axis_order(const std::string &from, const std::string &to);

/* A list with one entry per axis of `from`, put in the order of `to`, which may have fewer. */
Dims reordered(const Dims &values, const std::string &from, const std::string &to);

/* The entries of a list attribute for the spatial axes, outermost first. Refusal unless it has
   one entry per axis of `axes`, those of N and C being `fixed`, the others within [low, high]. */
Ints spatial_attr(const Call &call, const char *attr, const std::string &axes, int64_t low,
                  int64_t high, int64_t fixed = 1);

/* "DHW" or "HW", as far as `axes` has them. */
std::string spatial_axes(const std::string &axes);
/* "NCHW" of "NHWC", ... */
std::string channels_first(const std::string &axes);

/* Refusal unless each of these inputs, where given, has exactly one element. */
void expect_one_element(const Call &call, int first, int last);

/* A number as %lld prints it. */
inline long long ll(int64_t value) { return static_cast<long long>(value); }

}  // namespace ascend_emu

#endif
