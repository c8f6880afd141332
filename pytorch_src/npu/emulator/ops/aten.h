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

}  // namespace ascend_emu

#endif
