#include "runtime/task_queue.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>

#include "runtime/device.h"

namespace npu {

namespace {

// So that a fast thread does not run far ahead of the device's memory.
constexpr size_t kMostQueued = 4096;
constexpr size_t kMostStreams = 128;

// Set in the threads that launch. What they free may record events on other streams, and two of
// them that wait for room in each other's queue would wait for ever.
thread_local bool launching = false;

struct Queued {
  const char* name;
  Task task;
  bool always;
};

// One stream's tasks and the thread that launches them.
class Queue {
 public:
  explicit Queue(Stream stream) : stream_(stream), thread_([this] { work(); }) {
    // It waits for tasks as long as the process lives.
    thread_.detach();
  }

  void push(Queued queued) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!launching) room_.wait(lock, [this] { return tasks_.size() < kMostQueued; });
    tasks_.push_back(std::move(queued));
    pending_.fetch_add(1, std::memory_order_relaxed);
    if (sleeping_) more_.notify_one();
  }

  bool is_busy() const { return pending_.load(std::memory_order_acquire) != 0; }

  void drain() {
    if (!is_busy() && !failed_.load()) return;
    std::unique_lock<std::mutex> lock(mutex_);
    idle_.wait(lock, [this] { return !is_busy(); });
    if (!error_) return;
    const std::exception_ptr error = error_;
    error_ = nullptr;
    failed_ = false;
    lock.unlock();
    std::rethrow_exception(error);
  }

 private:
  Queued pop() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (tasks_.empty()) {
      sleeping_ = true;
      more_.wait(lock);
      sleeping_ = false;
    }
    Queued first = std::move(tasks_.front());
    tasks_.pop_front();
    if (tasks_.size() + 1 >= kMostQueued) room_.notify_all();
    return first;
  }

  void run(const Queued& queued) {
    if (failed_.load() && !queued.always) return;
    try {
      set_device(stream_.device_index());
      queued.task(stream_.handle());
    } catch (c10::Error& error) {
      error.add_context(std::string("queued as ") + queued.name +
                        "; TASK_QUEUE_ENABLE=0 fails at the line that asked for it");
      keep(std::current_exception());
    } catch (...) {
      keep(std::current_exception());
    }
  }

  void keep(std::exception_ptr error) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!error_) error_ = std::move(error);
    failed_ = true;
  }

  void work() {
    launching = true;
    for (;;) {
      {
        const Queued queued = pop();
        run(queued);
        // Ends here: what a task holds must be gone when somebody sees the queue empty.
      }
      if (pending_.fetch_sub(1, std::memory_order_release) == 1) {
        std::lock_guard<std::mutex> lock(mutex_);
        idle_.notify_all();
      }
    }
  }

  const Stream stream_;
  std::mutex mutex_;
  std::condition_variable more_, room_, idle_;
  std::deque<Queued> tasks_;
  bool sleeping_ = false;
  std::atomic<size_t> pending_{0};
  std::atomic<bool> failed_{false};
  std::exception_ptr error_;
  std::thread thread_;
};

struct Queues {
  std::mutex mutex;
  std::array<std::array<std::atomic<Queue*>, kMostStreams>, kMaxDevices> of{};
};

Queues& queues() {
  // Never destroyed, as their threads never end.
  static Queues* made = new Queues();
  return *made;
}

std::atomic<Queue*>& slot_of(const Stream& stream) {
  return queues().of[static_cast<size_t>(stream.device_index())][static_cast<size_t>(stream.id())];
}

Queue& queue_of(const Stream& stream) {
  std::atomic<Queue*>& slot = slot_of(stream);
  Queue* queue = slot.load(std::memory_order_acquire);
  if (queue != nullptr) return *queue;
  std::lock_guard<std::mutex> lock(queues().mutex);
  queue = slot.load(std::memory_order_relaxed);
  if (queue == nullptr) {
    queue = new Queue(stream);
    slot.store(queue, std::memory_order_release);
  }
  return *queue;
}

std::atomic<bool>& enabled() {
  static std::atomic<bool> on([] {
    const char* word = std::getenv("TASK_QUEUE_ENABLE");
    return word != nullptr && *word != '\0' && std::strcmp(word, "0") != 0;
  }());
  return on;
}

void launch(const Stream& stream, Queued queued) {
  if (enabled().load(std::memory_order_relaxed)) {
    initialize();
    queue_of(stream).push(std::move(queued));
    return;
  }
  DeviceScope scope(stream.device_index());
  queued.task(stream.handle());
}

}  // namespace

bool task_queue_enabled() { return enabled().load(std::memory_order_relaxed); }

void enable_task_queue(bool on) {
  for (c10::DeviceIndex index = 0; index < device_count(); ++index) drain_device(index);
  enabled() = on;
}

void launch(const Stream& stream, const char* name, Task task) {
  launch(stream, Queued{name, std::move(task), false});
}

void launch_always(const Stream& stream, const char* name, Task task) {
  launch(stream, Queued{name, std::move(task), true});
}

bool is_queued(const Stream& stream) {
  const Queue* queue = slot_of(stream).load(std::memory_order_acquire);
  return queue != nullptr && !is_bad_fork() && queue->is_busy();
}

void drain(const Stream& stream) {
  Queue* queue = slot_of(stream).load(std::memory_order_acquire);
  if (queue != nullptr && !is_bad_fork()) queue->drain();
}

void drain_device(c10::DeviceIndex index) {
  std::exception_ptr first;
  for (std::atomic<Queue*>& slot : queues().of[static_cast<size_t>(index)]) {
    Queue* queue = slot.load(std::memory_order_acquire);
    if (queue == nullptr || is_bad_fork()) continue;
    try {
      queue->drain();
    } catch (...) {
      if (!first) first = std::current_exception();
    }
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace npu
