#include "runtime/cpu_fallback.h"

#include <ATen/native/CPUFallback.h>

namespace npu {

void compute_on_cpu(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  at::native::cpu_fallback(op, stack);
}

}  // namespace npu
