// What upstream composes for every device of functions that only the CPU and CUDA have, so that it
// would be refused for an NPU in place of going to the CPU.
#include "runtime/fallback.h"

namespace npu {
namespace kernels {

namespace {

void compute_there(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  fall_back(op, stack);
}

}  // namespace

}  // namespace kernels
}  // namespace npu

NPU_LIBRARY_IMPL(aten, m) {
  for (const char* name :
       {"eig.e", "heaviside", "kaiser_window", "kaiser_window.periodic", "kaiser_window.beta"}) {
    m.impl(name, torch::CppFunction::makeFromBoxedFunction<&npu::kernels::compute_there>());
  }
}
