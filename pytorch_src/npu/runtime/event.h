// Events: made at their first record, on the device of that stream.
#ifndef ASCENDTORCH_NPU_EVENT_H_
#define ASCENDTORCH_NPU_EVENT_H_

#include "runtime/stream.h"

namespace npu {

class NPU_API Event {
 public:
  explicit Event(bool timing = false) : timing_(timing) {}
  ~Event();
  Event(Event&& other) noexcept;
  Event& operator=(Event&& other) noexcept;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  bool is_created() const { return event_ != nullptr; }
  c10::DeviceIndex device_index() const { return device_; }
  aclrtEvent handle() const { return event_; }
  // All of these keep the order of the streams' queues (see task_queue.h).
  void record(const Stream& stream);
  void block(const Stream& stream) const;   // later work of `stream` waits; nothing if never recorded
  bool query() const;                       // true if never recorded
  void synchronize() const;
  // Milliseconds. Throws c10::Error unless both were made with timing, recorded, and are done.
  float elapsed_time(const Event& end) const;

 private:
  bool timing_;
  c10::DeviceIndex device_ = -1;
  aclrtEvent event_ = nullptr;
};

}  // namespace npu

#endif
