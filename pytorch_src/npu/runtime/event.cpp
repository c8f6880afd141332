#include "runtime/event.h"

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "runtime/acl_error.h"
#include "runtime/device.h"
#include "runtime/task_queue.h"

namespace npu {

struct Event::Made {
  Made(Stream on, bool timing) : stream(on) {
    DeviceScope scope(on.device_index());
    NPU_CHECK(aclrtCreateEventExWithFlag(&event, ACL_EVENT_SYNC |
                                                     ACL_EVENT_CAPTURE_STREAM_PROGRESS |
                                                     (timing ? ACL_EVENT_TIME_LINE : 0U)));
  }
  ~Made() {
    if (!is_bad_fork()) NPU_WARN(aclrtDestroyEvent(event));
  }
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;

  bool is_launched() const { return launched.load() >= asked.load(); }

  void launch_record(aclrtStream on) {
    const aclError code = aclrtRecordEvent(event, on);
    {
      std::lock_guard<std::mutex> lock(mutex);
      failed = code != ACL_SUCCESS;
      ++launched;
    }
    changed.notify_all();
    check(code, "aclrtRecordEvent");
  }

  // AscendCL must see the record first, and another thread may be the one that launches it. That it
  // waits here cannot close a circle: what a record waits for was launched before it.
  void launch_wait(aclrtStream on, uint64_t record) {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return launched.load() >= record; });
    if (failed) return;  // nothing to wait for; who asked for the record is told
    lock.unlock();
    NPU_CHECK(aclrtStreamWaitEvent(on, event));
  }

  aclrtEvent event = nullptr;
  Stream stream;                   // of the last record
  std::atomic<uint64_t> asked{0};  // records
  std::atomic<uint64_t> launched{0};

 private:
  std::mutex mutex;
  std::condition_variable changed;
  bool failed = false;
};

c10::DeviceIndex Event::device_index() const {
  return made_ ? made_->stream.device_index() : static_cast<c10::DeviceIndex>(-1);
}

aclrtEvent Event::handle() const { return made_ ? made_->event : nullptr; }

void Event::record(const Stream& stream) {
  if (!made_) made_ = std::make_shared<Made>(stream, timing_);
  TORCH_CHECK(made_->stream.device_index() == stream.device_index(), "this event belongs to npu:",
              static_cast<int>(device_index()), " and cannot be recorded on a stream of npu:",
              static_cast<int>(stream.device_index()), "; make another event");
  // Made now, so that the record can only fail where it says so.
  stream.handle();
  made_->stream = stream;
  ++made_->asked;
  const std::shared_ptr<Made> made = made_;
  launch_always(stream, "aclrtRecordEvent", [made](aclrtStream on) { made->launch_record(on); });
}

void Event::block(const Stream& stream) const {
  if (!made_) return;
  const std::shared_ptr<Made> made = made_;
  const uint64_t record = made->asked;
  launch_always(stream, "aclrtStreamWaitEvent",
                [made, record](aclrtStream on) { made->launch_wait(on, record); });
}

bool Event::query() const {
  if (!made_) return true;
  if (!made_->is_launched()) return false;
  DeviceScope scope(device_index());
  aclrtEventRecordedStatus status = ACL_EVENT_RECORDED_STATUS_NOT_READY;
  NPU_CHECK(aclrtQueryEventStatus(made_->event, &status));
  return status == ACL_EVENT_RECORDED_STATUS_COMPLETE;
}

void Event::synchronize() const {
  if (!made_) return;
  drain(made_->stream);
  DeviceScope scope(device_index());
  NPU_CHECK(aclrtSynchronizeEvent(made_->event));
}

double Event::elapsed_time(const Event& end) const {
  TORCH_CHECK(timing_ && end.timing_,
              "both events must be made with enable_timing=True before time between them is asked");
  TORCH_CHECK(made_ && end.made_, "both events must be recorded before time between them is asked");
  TORCH_CHECK(query() && end.query(),
              "both events must be done before time between them is asked; synchronize() first");
  float milliseconds = 0;
  NPU_CHECK(aclrtEventElapsedTime(&milliseconds, made_->event, end.made_->event));
  return milliseconds;
}

}  // namespace npu
