// TASK_QUEUE_ENABLE: 1 queues what is launched to one host thread a stream, in launch order; 0 (and
// unset) launches at once. An error in the thread is kept and thrown where the stream is next
// waited for; it names the operator. What was queued after the failed task is dropped until
// somebody has been told, but for the events, which others may wait for.
#ifndef ASCENDTORCH_NPU_TASK_QUEUE_H_
#define ASCENDTORCH_NPU_TASK_QUEUE_H_

#include <functional>

#include "runtime/stream.h"

namespace npu {

// Whether operators are queued.
NPU_API bool task_queue_enabled();
// Waits for all queues first, and throws the first error of them.
NPU_API void enable_task_queue(bool on);

using Task = std::function<void(aclrtStream)>;

// Launches `task` on `stream`: at once in this thread, or later in the stream's. `task` gets the
// AscendCL stream and throws c10::Error where the launch fails. `name` is a literal.
NPU_API void launch(const Stream& stream, const char* name, Task task);
// For events: not dropped after an error.
NPU_API void launch_always(const Stream& stream, const char* name, Task task);

// True while something queued on `stream` was not launched yet.
NPU_API bool is_queued(const Stream& stream);
// Returns when everything queued on `stream` was handed to AscendCL; throws the first error.
NPU_API void drain(const Stream& stream);
// Likewise for every stream of a device.
NPU_API void drain_device(c10::DeviceIndex index);

}  // namespace npu

#endif
