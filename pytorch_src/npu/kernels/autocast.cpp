// Which operators compute in which type under torch.autocast("npu"): upstream's own lists, and
// batch normalisation in float32, as is documented for O1.
// PyTorch 1.8.1 has one autocast for all devices.
#include "runtime/compat.h"

#if NPU_TORCH_VERSION >= 20000

#include <ATen/autocast_mode.h>

namespace npu {

namespace {

// Upstream's lists name them without their namespace.
using at::IntArrayRef;
using at::Scalar;
using at::ScalarType;
using at::Tensor;

at::Tensor refuse_binary_cross_entropy(const at::Tensor&, const at::Tensor&,
                                       const c10::optional<at::Tensor>&, int64_t) {
  TORCH_CHECK(false, "binary_cross_entropy and torch.nn.BCELoss lose their range in float16, and "
              "are refused under autocast. Use binary_cross_entropy_with_logits or "
              "torch.nn.BCEWithLogitsLoss, which take the logits and are safe, or compute the loss "
              "under torch.autocast(\"npu\", enabled=False) with float32 inputs");
}

// What is not listed runs in the type of its inputs.
TORCH_LIBRARY_IMPL(_, AutocastPrivateUse1, m) { m.fallback(torch::CppFunction::makeFallthrough()); }

TORCH_LIBRARY_IMPL(aten, AutocastPrivateUse1, m) {
#define NPU_LOWER(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, lower_precision_fp)
  AT_FORALL_LOWER_PRECISION_FP(NPU_LOWER)
#undef NPU_LOWER
#define NPU_FLOAT(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, fp32)
  AT_FORALL_FP32(NPU_FLOAT)
  NPU_FLOAT(batch_norm)
  NPU_FLOAT(instance_norm)
#undef NPU_FLOAT
#define NPU_FLOAT_RESULT(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, fp32_set_opt_dtype)
  AT_FORALL_FP32_SET_OPT_DTYPE(NPU_FLOAT_RESULT)
#undef NPU_FLOAT_RESULT
  AT_FORALL_DIFFERENT_REDISPATCH_SIGNATURE(KERNEL_DIFFERENT_REDISPATCH_SIGNATURE_PRIVATEUSEONE)
#define NPU_WIDEST(...) KERNEL_PRIVATEUSEONE(__VA_ARGS__, promote)
  AT_FORALL_PROMOTE(NPU_WIDEST)
  NPU_WIDEST(cat)
  NPU_WIDEST(stack)
#undef NPU_WIDEST
  m.impl("binary_cross_entropy", TORCH_FN(refuse_binary_cross_entropy));
}

}  // namespace

}  // namespace npu

#endif
