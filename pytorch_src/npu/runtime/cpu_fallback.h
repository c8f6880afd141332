// Computing an operator on the CPU instead: what fallback.h does with one once it is allowed.
#ifndef ASCENDTORCH_NPU_CPU_FALLBACK_H_
#define ASCENDTORCH_NPU_CPU_FALLBACK_H_

#include <ATen/core/dispatch/Dispatcher.h>

#include "runtime/compat.h"

namespace npu {

// Takes the arguments from the stack, and leaves the results there, on the NPU. What the operator
// writes to is written back.
void compute_on_cpu(const c10::OperatorHandle& op, torch::jit::Stack* stack);

}  // namespace npu

#endif
