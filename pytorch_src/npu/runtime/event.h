// Events: made at their first record, on the device of that stream.
#ifndef ASCENDTORCH_NPU_EVENT_H_
#define ASCENDTORCH_NPU_EVENT_H_

#include <memory>

#include "runtime/stream.h"

namespace npu {

// All of this keeps the order of the streams' queues (see task_queue.h).
class NPU_API Event {
 public:
  explicit Event(bool timing = false) : timing_(timing) {}

  bool has_timing() const { return timing_; }
  c10::DeviceIndex device_index() const;  // -1 before the first record
  aclrtEvent handle() const;              // null before the first record
  // Throws c10::Error for a stream of another device than the first one.
  void record(const Stream& stream);
  // Later work of `stream` waits; nothing if never recorded.
  void block(const Stream& stream) const;
  // True if never recorded. Does not wait, and throws nothing of what was queued.
  bool query() const;
  // Waits, and throws the first error of what was queued on the stream of the last record.
  void synchronize() const;
  // Milliseconds. Throws c10::Error unless both were made with timing, recorded, and are done.
  double elapsed_time(const Event& end) const;

 private:
  struct Made;
  bool timing_;
  // Queued tasks hold it too: an event may be dropped before its record was launched.
  std::shared_ptr<Made> made_;
};

}  // namespace npu

#endif
