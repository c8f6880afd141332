#include "stream.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "event.h"
#include "exception_info.h"
#include "fault.h"
#include "refusal.h"
#include "trace.h"

namespace ascend_emu {

namespace {

/* As on hardware, a stream takes so many tasks before a submitter has to wait. */
constexpr size_t kQueueLimit = 4096;
/* How often a wait looks again before it sleeps: waking a thread costs more than most small
   operators, so both sides look for some ten microseconds first. */
constexpr int kLooks = 400;

uint32_t thread_id() {
  thread_local const uint32_t id = static_cast<uint32_t>(syscall(SYS_gettid));
  return id;
}

template <class Ready>
bool look(Ready &&ready) {
  for (int i = 0; i < kLooks; ++i) {
    if (ready()) return true;
    std::this_thread::yield();
  }
  return ready();
}

}  // namespace

struct Stream::Impl : std::enable_shared_from_this<Stream::Impl> {
  Impl(int device, int32_t id) : device(device), id(id) {}

  const int device;
  const int32_t id;

  mutable std::mutex mutex;
  std::condition_variable work;
  std::condition_variable done;
  std::deque<Task> queue;
  std::thread worker;
  bool started = false;
  bool sleeping = false; /* the worker waits for `work` */
  size_t waiting = 0;    /* threads that wait for `done` */
  bool stopped = false;
  bool failed = false; /* `error` holds the first failure since the last synchronisation */
  Refusal error{ACL_SUCCESS, ""};

  std::atomic<uint64_t> submitted{0};
  std::atomic<uint64_t> completed{0};
  std::atomic<bool> stopping{false};
  std::atomic<uint64_t> failure_mode{ACL_CONTINUE_ON_FAILURE};
  std::atomic<bool> overflow_check{false};
  std::atomic<bool> overflow{false};
  std::atomic<uint64_t> report_thread{0};

  void execute(const Task &task) {
    const bool traced = trace_enabled();
    const int64_t start = traced ? steady_nanoseconds() : 0;
    try {
      task.run();
    } catch (const Refusal &refusal) {
      fail(task, refusal);
    } catch (const std::exception &other) {
      fail(task, Refusal(ACL_ERROR_RT_AICORE_EXCEPTION, task.name + ": " + other.what()));
    }
    if (traced) {
      trace_span(task.kind, task.name, device, id, start, steady_nanoseconds(), task.details);
    }
  }

  void fail(const Task &task, const Refusal &refusal) {
    report_exception(device, id, task.thread, refusal.code());
    std::lock_guard<std::mutex> lock(mutex);
    if (failed) return;
    failed = true;
    error = refusal;
  }

  /* What of the queue still has to run when the rest is dropped. */
  void drop_queue(std::unique_lock<std::mutex> &lock) {
    std::deque<Task> dropped;
    dropped.swap(queue);
    lock.unlock();
    for (const Task &task : dropped) {
      if (task.always) execute(task);
    }
    const size_t count = dropped.size();
    dropped.clear();
    lock.lock();
    completed.fetch_add(count);
    done.notify_all();
  }

  bool skip(const Task &task) {
    if (task.always || failure_mode.load() == ACL_CONTINUE_ON_FAILURE) return false;
    std::lock_guard<std::mutex> lock(mutex);
    return failed;
  }

  void serve() {
    use_fault_stack();
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
      if (queue.empty()) {
        if (stopping.load()) return;
        lock.unlock();
        look([this] { return submitted.load() != completed.load() || stopping.load(); });
        lock.lock();
        sleeping = true;
        work.wait(lock, [this] { return !queue.empty() || stopping.load(); });
        sleeping = false;
        continue;
      }
      {
        Task task = std::move(queue.front());
        queue.pop_front();
        lock.unlock();
        if (!skip(task)) execute(task);
        /* What the task holds (pins, copies of its arguments) goes before it counts as done. */
      }
      lock.lock();
      completed.fetch_add(1);
      if (waiting != 0) done.notify_all();
    }
  }

  void submit(Task task) {
    std::unique_lock<std::mutex> lock(mutex);
    if (stopped) {
      lock.unlock();
      execute(task);
      return;
    }
    if (!started) {
      const std::shared_ptr<Impl> self = shared_from_this();
      worker = std::thread([self] { self->serve(); });
      started = true;
    }
    /* A callback that adds to its own stream must not wait for itself. */
    if (queue.size() >= kQueueLimit && worker.get_id() != std::this_thread::get_id()) {
      ++waiting;
      done.wait(lock, [this] { return queue.size() < kQueueLimit || stopping.load(); });
      --waiting;
    }
    queue.push_back(std::move(task));
    submitted.fetch_add(1);
    const bool wake = sleeping;
    lock.unlock();
    if (wake) work.notify_one();
  }

  bool reached(uint64_t target) const { return completed.load() >= target; }

  void wait_done(int timeout_ms) {
    const uint64_t target = submitted.load();
    if (!look([&] { return reached(target); })) {
      std::unique_lock<std::mutex> lock(mutex);
      ++waiting;
      const auto ready = [&] { return reached(target); };
      bool ended = true;
      if (timeout_ms < 0) {
        done.wait(lock, ready);
      } else {
        ended = done.wait_for(lock, std::chrono::milliseconds(timeout_ms), ready);
      }
      --waiting;
      if (!ended) {
        refuse(ACL_ERROR_RT_STREAM_SYNC_TIMEOUT,
               "stream %d of device %d still has %zu tasks after %d ms", id, device,
               static_cast<size_t>(submitted.load() - completed.load()), timeout_ms);
      }
    }
  }

  void synchronize(int timeout_ms) {
    wait_done(timeout_ms);
    std::lock_guard<std::mutex> lock(mutex);
    if (!failed) return;
    failed = false;
    throw Refusal(error);
  }

  void stop() {
    std::unique_lock<std::mutex> lock(mutex);
    stopping = true;
    drop_queue(lock);
    stopped = true;
    std::thread ended = std::move(worker);
    lock.unlock();
    work.notify_all();
    if (!ended.joinable()) return;
    /* A callback may let go of the last reference to its own stream. */
    if (ended.get_id() == std::this_thread::get_id()) {
      ended.detach();
    } else {
      ended.join();
    }
  }
};

Stream::Stream(int device, int32_t id, uint32_t priority, uint32_t flags)
    : device_(device),
      id_(id),
      priority_(priority),
      flags_(flags),
      impl_(std::make_shared<Impl>(device, id)) {}

Stream::~Stream() { stop(); }

void Stream::submit(Task task) {
  task.thread = thread_id();
  impl_->submit(std::move(task));
}

void Stream::wait(std::shared_ptr<Recording> recording) {
  Task task;
  task.kind = "event";
  task.name = "wait for event";
  const std::shared_ptr<Impl> impl = impl_;
  task.run = [impl, recording] {
    /* Looks up now and then: a stream that is stopped must not wait for ever. */
    while (!recording->wait(20)) {
      if (impl->stopping.load()) return;
    }
  };
  submit(std::move(task));
}

void Stream::synchronize(int timeout_ms) { impl_->synchronize(timeout_ms); }

void Stream::drain() { impl_->wait_done(-1); }

bool Stream::idle() const { return in_flight() == 0; }

size_t Stream::in_flight() const {
  /* `completed` first: the difference is then never below what is true. */
  const uint64_t completed = impl_->completed.load();
  return static_cast<size_t>(impl_->submitted.load() - completed);
}

void Stream::abort() {
  std::unique_lock<std::mutex> lock(impl_->mutex);
  impl_->drop_queue(lock);
}

void Stream::stop() { impl_->stop(); }

bool Stream::stopping() const { return impl_->stopping; }

void Stream::set_failure_mode(uint64_t mode) { impl_->failure_mode = mode; }
uint64_t Stream::failure_mode() const { return impl_->failure_mode; }
void Stream::set_overflow_check(bool on) { impl_->overflow_check = on; }
bool Stream::overflow_check() const { return impl_->overflow_check; }
void Stream::raise_overflow() { impl_->overflow = true; }
bool Stream::overflow_seen() const { return impl_->overflow; }
void Stream::reset_overflow() { impl_->overflow = false; }
void Stream::set_report_thread(uint64_t thread) { impl_->report_thread = thread; }
uint64_t Stream::report_thread() const { return impl_->report_thread; }

}  // namespace ascend_emu
