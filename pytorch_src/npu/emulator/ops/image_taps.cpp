#include "image_taps.h"

#include <algorithm>
#include <cmath>

#include "widen.h"

namespace ascend_emu {

namespace {

template <typename T>
T place_of(int64_t i, const AxisScale &scale, T step, Place place) {
  const T at = static_cast<T>(i);
  const T half = static_cast<T>(0.5);
  switch (place) {
    case Place::kAlignCorners:
      return scale.to > 1 ? at * (static_cast<T>(scale.from - 1) / (scale.to - 1)) : T(0);
    case Place::kAsymmetric: return at * step;
    case Place::kTfHalfPixelForNn: return (at + half) * step;
    case Place::kPytorchHalfPixel:
      if (scale.to <= 1) return 0;
      break;
    case Place::kHalfPixel: break;
  }
  return (at + half) * step - half;
}

float rounded(float at, Rounding rounding) {
  switch (rounding) {
    case Rounding::kFloor: return std::floor(at);
    case Rounding::kCeil: return std::ceil(at);
    case Rounding::kPreferFloor: return std::ceil(at - 0.5f);
    case Rounding::kPreferCeil: break;
  }
  return std::floor(at + 0.5f);
}

int64_t inside(int64_t i, int64_t size) { return std::min(std::max<int64_t>(i, 0), size - 1); }

Tap tap_of(const std::vector<int64_t> &index, const std::vector<double> &weight) {
  const auto copy = [](const auto &values, at::ScalarType type) {
    using Value = typename std::decay<decltype(values[0])>::type;
    at::Tensor made = at::empty({static_cast<int64_t>(values.size())}, type);
    std::copy(values.begin(), values.end(), made.data_ptr<Value>());
    return made;
  };
  return {copy(index, at::kLong), weight.empty() ? at::Tensor() : copy(weight, at::kDouble)};
}

double cubic(double x, double a) {
  x = std::fabs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

/* The weight of a tap in the shape and type that x multiplies with along `axis`. */
at::Tensor along(const at::Tensor &weight, const at::Tensor &x, int64_t axis) {
  std::vector<int64_t> dims(static_cast<size_t>(x.dim()), 1);
  dims[static_cast<size_t>(axis)] = weight.numel();
  return weight.to(x.scalar_type()).reshape(dims);
}

}  // namespace

AxisScale::AxisScale(int64_t from, int64_t to)
    : from(from),
      to(to),
      step(static_cast<double>(from) / static_cast<double>(to)),
      float_step(static_cast<float>(from) / static_cast<float>(to)) {}

AxisScale::AxisScale(int64_t from, int64_t to, double step)
    : from(from), to(to), step(step), float_step(static_cast<float>(step)) {}

int64_t scaled_size(int64_t size, double times) {
  const double to = std::floor(static_cast<double>(size) * times);
  return to > 0 && to < 9e15 ? static_cast<int64_t>(to) : 0;
}

Taps nearest_taps(const AxisScale &scale, Place place, Rounding rounding) {
  std::vector<int64_t> index;
  for (int64_t i = 0; i < scale.to; ++i) {
    const float at = rounded(place_of(i, scale, scale.float_step, place), rounding);
    index.push_back(inside(static_cast<int64_t>(at), scale.from));
  }
  return {tap_of(index, {})};
}

Taps linear_taps(const AxisScale &scale, Place place) {
  std::vector<int64_t> low, high;
  std::vector<double> low_weight, high_weight;
  for (int64_t i = 0; i < scale.to; ++i) {
    const double at = std::max(place_of(i, scale, scale.step, place), 0.0);
    const int64_t left = inside(static_cast<int64_t>(at), scale.from);
    const double rest = std::min(at - static_cast<double>(left), 1.0);
    low.push_back(left);
    high.push_back(inside(left + 1, scale.from));
    low_weight.push_back(1 - rest);
    high_weight.push_back(rest);
  }
  return {tap_of(low, low_weight), tap_of(high, high_weight)};
}

Taps cubic_taps(const AxisScale &scale, Place place, double a, bool exclude_outside) {
  std::vector<int64_t> index[4];
  std::vector<double> weight[4];
  for (int64_t i = 0; i < scale.to; ++i) {
    const double at = place_of(i, scale, scale.step, place);
    const int64_t left = static_cast<int64_t>(std::floor(at)) - 1;
    double sum = 0;
    for (int64_t k = 0; k < 4; ++k) {
      const int64_t from = left + k;
      const bool outside = from < 0 || from >= scale.from;
      const double part = exclude_outside && outside ? 0 : cubic(at - static_cast<double>(from), a);
      index[k].push_back(inside(from, scale.from));
      weight[k].push_back(part);
      sum += part;
    }
    /* What is absent leaves less than 1 in all. */
    for (int64_t k = 0; exclude_outside && sum != 0 && k < 4; ++k) weight[k].back() /= sum;
  }
  Taps taps;
  for (int k = 0; k < 4; ++k) taps.push_back(tap_of(index[k], weight[k]));
  return taps;
}

at::Tensor resampled(const at::Tensor &x, int64_t axis, const Taps &taps) {
  if (taps.size() == 1 && !taps[0].weight.defined()) return x.index_select(axis, taps[0].index);
  const at::Tensor from = as_floats(x);
  at::Tensor sum;
  for (const Tap &tap : taps) {
    const at::Tensor part =
        from.index_select(axis, tap.index) * along(tap.weight, from, axis);
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

at::Tensor resampled_grad(const at::Tensor &grad, int64_t axis, const Taps &taps, int64_t from) {
  const bool weighted = taps[0].weight.defined();
  /* Floats are added up in float: 16 bits would lose most of a long sum. */
  const at::Tensor part = weighted || grad.is_floating_point() ? as_floats(grad) : grad;
  std::vector<int64_t> dims = grad.sizes().vec();
  dims[static_cast<size_t>(axis)] = from;
  const at::Tensor x_grad = at::zeros(dims, part.options());
  for (const Tap &tap : taps) {
    x_grad.index_add_(axis, tap.index, weighted ? part * along(tap.weight, part, axis) : part);
  }
  return x_grad;
}

}  // namespace ascend_emu
