/* ATen, precompiled, and what differs between the versions of torch that this builds with. */
#ifndef ASCENDTORCH_EMU_ATEN_H_
#define ASCENDTORCH_EMU_ATEN_H_

#include <ATen/ATen.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>

#if __has_include(<torch/version.h>)
#include <torch/version.h> /* since 1.8 */
#define EMU_TORCH (TORCH_VERSION_MAJOR * 100 + TORCH_VERSION_MINOR)
#else
#define EMU_TORCH 105
#endif

#if EMU_TORCH < 106
namespace at {

inline Tensor asinh(const Tensor &x) {
  const Tensor size = abs(x);
  return mul(sign(x), log(add(size, sqrt(add(mul(size, size), 1)))));
}

inline Tensor acosh(const Tensor &x) { return log(add(x, sqrt(sub(mul(x, x), 1)))); }

inline Tensor atanh(const Tensor &x) { return mul(sub(log1p(x), log1p(neg(x))), 0.5); }

inline Tensor logcumsumexp(const Tensor &x, int64_t dim) {
  if (x.numel() == 0) return x;
  const Tensor largest = std::get<0>(max(x, dim, true)); /* lest exp overflows */
  return add(log(cumsum(exp(sub(x, largest)), dim)), largest);
}

}  // namespace at
#endif

namespace ascend_emu {

/* No autograd on this thread. */
struct BelowAutograd {
  at::NoGradGuard no_grad;
#if EMU_TORCH >= 109
  at::AutoDispatchBelowAutograd below;
#else
  at::AutoNonVariableTypeMode below{true};
#endif
};

/* Division rounded down, or towards zero; of integers it is exact. */
inline at::Tensor floor_div(const at::Tensor &a, const at::Tensor &b) {
#if EMU_TORCH >= 108
  return at::div(a, b, "floor");
#else
  if (at::isFloatingType(a.scalar_type())) return at::floor(at::true_divide(a, b));
  const at::Tensor down = at::remainder(a, b).ne(0).__and__(a.lt(0).__xor__(b.lt(0)));
  return at::floor_divide(a, b) - down.to(a.scalar_type()); /* towards zero in these versions */
#endif
}

inline at::Tensor trunc_div(const at::Tensor &a, const at::Tensor &b) {
#if EMU_TORCH >= 108
  return at::div(a, b, "trunc");
#else
  return at::isFloatingType(a.scalar_type()) ? at::trunc(at::true_divide(a, b))
                                             : at::floor_divide(a, b);
#endif
}

/* x / |x|, 0 for 0; of real tensors the sign. */
inline at::Tensor sign_of(const at::Tensor &x) {
#if EMU_TORCH >= 107
  return at::isComplexType(x.scalar_type()) ? at::sgn(x) : at::sign(x);
#else
  return at::sign(x);
#endif
}

/* The largest and smallest element along several axes. */
inline at::Tensor largest(const at::Tensor &x, at::IntArrayRef axes, bool keepdim) {
#if EMU_TORCH >= 107
  return at::amax(x, axes, keepdim);
#else
  at::Tensor left = x;
  for (const int64_t axis : axes) left = std::get<0>(at::max(left, axis, true));
  return keepdim ? left : at::sum(left, axes);
#endif
}

inline at::Tensor smallest(const at::Tensor &x, at::IntArrayRef axes, bool keepdim) {
#if EMU_TORCH >= 107
  return at::amin(x, axes, keepdim);
#else
  at::Tensor left = x;
  for (const int64_t axis : axes) left = std::get<0>(at::min(left, axis, true));
  return keepdim ? left : at::sum(left, axes);
#endif
}

}  // namespace ascend_emu

#endif
