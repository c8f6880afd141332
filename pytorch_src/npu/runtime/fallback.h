// Operators that no kernel of ours computes: they are computed on the CPU, with a warning.
#ifndef ASCENDTORCH_NPU_FALLBACK_H_
#define ASCENDTORCH_NPU_FALLBACK_H_

#include <ATen/core/dispatch/Dispatcher.h>
#include <map>
#include <string>

#include "runtime/compat.h"
#include "runtime/export.h"

namespace npu {

enum class FallbackMode { kWarn, kError, kSilent };

// ASCENDTORCH_FALLBACK=error|warn|silent at first; warn warns once for each operator. Throws
// c10::Error for another word.
NPU_API FallbackMode fallback_mode();
NPU_API void set_fallback_mode(FallbackMode mode);

// How often each operator, such as "aten::median", went to the CPU since the last reset.
NPU_API std::map<std::string, int64_t> fallback_counts();
NPU_API void reset_fallback_counts();

// Counts one more, and tells of it, for what a kernel computes on the CPU by itself. Throws
// c10::Error in the mode kError.
NPU_API void tell_fallback(const std::string& name);

// Computes `op` on the CPU with copies of its tensors, and brings the results back. Throws
// c10::Error in the mode kError, and where tensors of several devices are mixed. For kernels that
// take some types and leave the others.
NPU_API void fall_back(const c10::OperatorHandle& op, torch::jit::Stack* stack);

}  // namespace npu

#endif
