#include "event.h"

#include <chrono>

#include "stream.h"
#include "trace.h"

namespace ascend_emu {

void Recording::reach() {
  std::lock_guard<std::mutex> lock(mutex_);
  nanoseconds_ = steady_nanoseconds();
  changed_.notify_all();
}

bool Recording::reached() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return nanoseconds_ != 0;
}

bool Recording::wait(int timeout_ms) const {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto reached = [this] { return nanoseconds_ != 0; };
  if (timeout_ms >= 0) {
    return changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), reached);
  }
  changed_.wait(lock, reached);
  return true;
}

int64_t Recording::nanoseconds() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return nanoseconds_;
}

void Event::record(Stream &stream) {
  auto recording = std::make_shared<Recording>();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    recording_ = recording;
  }
  Task task;
  task.kind = "event";
  task.name = "record event " + std::to_string(id_);
  task.always = true;
  task.run = [recording] { recording->reach(); };
  stream.submit(std::move(task));
}

void Event::reset() {
  std::lock_guard<std::mutex> lock(mutex_);
  recording_.reset();
}

std::shared_ptr<Recording> Event::recording() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return recording_;
}

}  // namespace ascend_emu
