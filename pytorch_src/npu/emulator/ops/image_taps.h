/* Interpolation along one axis: which elements each result is made of, and how much of each.
   Images are resized axis by axis; the gradient is the same the other way. */
#ifndef ASCENDTORCH_EMU_IMAGE_TAPS_H_
#define ASCENDTORCH_EMU_IMAGE_TAPS_H_

#include <cstdint>
#include <vector>

#include "aten.h"

namespace ascend_emu {

/* Where result number i lies among the elements it is made of; ONNX has these names. */
enum class Place {
  kHalfPixel,        /* (i + 0.5) * step - 0.5 */
  kPytorchHalfPixel, /* the same, 0 for a single result */
  kAlignCorners,     /* the first and the last element stay the first and the last */
  kAsymmetric,       /* i * step */
  kTfHalfPixelForNn, /* (i + 0.5) * step */
};

/* How a place becomes one element. */
enum class Rounding { kFloor, kCeil, kPreferFloor, kPreferCeil };

/* `from` elements become `to` results; `step` is how many elements lie between two results. */
struct AxisScale {
  AxisScale(int64_t from, int64_t to);
  AxisScale(int64_t from, int64_t to, double step);
  int64_t from;
  int64_t to;
  double step;
  /* The kernels that this stands for choose the nearest element in float: rounding decides. */
  float float_step;
};

/* How many elements `size` become when there are `times` as many; 0 when that is no number of
   elements. */
int64_t scaled_size(int64_t size, double times);

/* Result i is the sum over taps of weight[i] * x[index[i]]. */
struct Tap {
  at::Tensor index;  /* int64 [to] */
  at::Tensor weight; /* double [to]; undefined: 1 */
};
using Taps = std::vector<Tap>;

Taps nearest_taps(const AxisScale &scale, Place place, Rounding rounding);
Taps linear_taps(const AxisScale &scale, Place place);
/* `a` is the coefficient of the cubic; `exclude_outside` takes elements beyond the edge as absent
   instead of repeating the edge. */
Taps cubic_taps(const AxisScale &scale, Place place, double a, bool exclude_outside);

/* x resized along `axis`; in float, or double when x is, unless the taps have no weights. */
at::Tensor resampled(const at::Tensor &x, int64_t axis, const Taps &taps);
/* The gradient with respect to an x with `from` elements along `axis`. */
at::Tensor resampled_grad(const at::Tensor &grad, int64_t axis, const Taps &taps, int64_t from);

}  // namespace ascend_emu

#endif
