// TASK_QUEUE_ENABLE: 1 queues what is launched to one host thread a stream, in launch order; 0 (and
// unset) launches at once. An error in the thread is kept and thrown where the stream is next waited
// for; it names the operator. What was queued after the failed one on that stream is not launched
// before somebody has been told.
#ifndef ASCENDTORCH_NPU_TASK_QUEUE_H_
#define ASCENDTORCH_NPU_TASK_QUEUE_H_

#include <functional>

#include "runtime/stream.h"

namespace npu {

NPU_API bool task_queue_enabled();
// For tests and torch.npu; waits for all queues first.
NPU_API void enable_task_queue(bool on);

// Launches `task` on `stream`: at once in this thread, or later in the stream's. `task` gets the
// AscendCL stream and throws c10::Error where the launch fails. `name` is a literal or outlives the
// process.
NPU_API void launch(const Stream& stream, const char* name, std::function<void(aclrtStream)> task);

// Returns when everything queued on `stream` was handed to AscendCL; throws the first error.
NPU_API void drain(const Stream& stream);
// Likewise for every stream of a device.
NPU_API void drain_device(c10::DeviceIndex index);

}  // namespace npu

#endif
