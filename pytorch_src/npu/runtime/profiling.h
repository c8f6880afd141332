// Profiling by AscendCL: what the devices did, written into a folder.
#ifndef ASCENDTORCH_NPU_PROFILING_H_
#define ASCENDTORCH_NPU_PROFILING_H_

#include <cstdint>
#include <string>

#include "runtime/export.h"

namespace npu {

// Collects from now on, on every device in use (the current one at least). `types` is a sum of
// ACL_PROF_*, `metrics` one of aclprofAicoreMetrics. With `operators` each operator of PyTorch that
// this thread calls leaves its range in the trace; stop_profiling is then this thread's to call.
// Throws c10::Error: a folder that cannot be written, a run that is going on.
NPU_API void start_profiling(const std::string& folder, uint64_t types, uint32_t metrics,
                             bool operators);
// Waits for the devices, and writes what was collected. Throws c10::Error where no run is going on.
NPU_API void stop_profiling();

}  // namespace npu

#endif
