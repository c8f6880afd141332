#include "report.h"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

#include "log.h"
#include "refusal.h"
#include "stream.h"

namespace ascend_emu {

namespace {

using Clock = std::chrono::steady_clock;

/* One callback on its way from a stream to the thread that runs it. */
struct Report {
  aclrtCallback callback;
  void *data;
  int32_t stream;
  bool done = false;
  bool dropped = false; /* never to be run: nobody serves the stream any more */
};

/* What one thread has to run, and for how many streams it does so. */
struct Server {
  int streams = 0;
  std::deque<std::shared_ptr<Report>> waiting;
};

struct Reports {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<uint64_t, Server> servers;
};

Reports &reports() {
  static Reports *const only = new Reports; /* streams may end after static destructors */
  return *only;
}

uint64_t this_thread() { return static_cast<uint64_t>(pthread_self()); }

/* The task on the stream's worker. */
void deliver(const std::weak_ptr<Stream> &weak, int32_t id, aclrtCallback callback, void *data,
             bool block) {
  Reports &all = reports();
  const auto report = std::make_shared<Report>();
  report->callback = callback;
  report->data = data;
  report->stream = id;

  std::unique_lock<std::mutex> lock(all.mutex);
  const std::shared_ptr<Stream> stream = weak.lock();
  const uint64_t thread = stream ? stream->report_thread() : 0;
  const auto server = all.servers.find(thread);
  if (thread == 0 || server == all.servers.end()) {
    refuse(ACL_ERROR_RT_STREAM_NO_CB_REG,
           "a callback on stream %d was not run: its thread unsubscribed before", id);
  }
  server->second.waiting.push_back(report);
  all.changed.notify_all();
  /* Looks up now and then: a stream that is stopped must not wait for ever. */
  while (block && !report->done && !report->dropped && !stream->stopping()) {
    all.changed.wait_for(lock, std::chrono::milliseconds(20));
  }
  if (block && !report->done) {
    report->dropped = true;
    refuse(ACL_ERROR_RT_STREAM_NO_CB_REG,
           "a blocking callback on stream %d was not run: %s", id,
           stream->stopping() ? "the stream ended" : "its thread unsubscribed");
  }
}

}  // namespace

void subscribe_report(uint64_t thread, const std::shared_ptr<Stream> &stream) {
  Reports &all = reports();
  std::lock_guard<std::mutex> lock(all.mutex);
  if (stream->report_thread() != 0) {
    refuse(ACL_ERROR_RT_STREAM_SUBSCRIBE,
           "stream %d has thread %llu for its callbacks already: aclrtUnSubscribeReport first",
           stream->id(), static_cast<unsigned long long>(stream->report_thread()));
  }
  stream->set_report_thread(thread);
  ++all.servers[thread].streams;
}

void unsubscribe_report(uint64_t thread, Stream &stream) {
  Reports &all = reports();
  std::lock_guard<std::mutex> lock(all.mutex);
  const uint64_t served_by = stream.report_thread();
  if (served_by == 0) {
    refuse(ACL_ERROR_RT_STREAM_SUBSCRIBE, "no thread serves the callbacks of stream %d",
           stream.id());
  }
  if (served_by != thread) {
    refuse(ACL_ERROR_RT_THREAD_SUBSCRIBE, "thread %llu serves the callbacks of stream %d, not %llu",
           static_cast<unsigned long long>(served_by), stream.id(),
           static_cast<unsigned long long>(thread));
  }
  stream.set_report_thread(0);
  const auto server = all.servers.find(thread);
  std::deque<std::shared_ptr<Report>> kept;
  for (const std::shared_ptr<Report> &report : server->second.waiting) {
    if (report->stream == stream.id()) {
      report->dropped = true;
    } else {
      kept.push_back(report);
    }
  }
  server->second.waiting.swap(kept);
  if (--server->second.streams == 0) all.servers.erase(server);
  all.changed.notify_all();
}

void launch_report(const std::shared_ptr<Stream> &stream, aclrtCallback callback, void *data,
                   bool block) {
  if (stream->report_thread() == 0) {
    refuse(ACL_ERROR_RT_STREAM_NO_CB_REG,
           "no thread serves the callbacks of stream %d: aclrtSubscribeReport comes first",
           stream->id());
  }
  Task task;
  task.kind = "callback";
  task.name = block ? "blocking callback" : "callback";
  const std::weak_ptr<Stream> weak = stream; /* a queued task must not keep its own stream */
  const int32_t id = stream->id();
  task.run = [=] { deliver(weak, id, callback, data, block); };
  stream->submit(std::move(task));
}

void process_reports(int32_t timeout_ms) {
  Reports &all = reports();
  const uint64_t thread = this_thread();
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(timeout_ms);
  std::unique_lock<std::mutex> lock(all.mutex);
  std::deque<std::shared_ptr<Report>> work;
  while (work.empty()) {
    const auto server = all.servers.find(thread);
    if (server == all.servers.end()) {
      refuse(ACL_ERROR_RT_THREAD_SUBSCRIBE,
             "this thread serves no stream: aclrtSubscribeReport comes first");
    }
    work.swap(server->second.waiting);
    if (!work.empty()) break;
    if (timeout_ms < 0) {
      all.changed.wait(lock);
    } else if (Clock::now() >= end) {
      refuse(ACL_ERROR_RT_REPORT_TIMEOUT, "no callback came within %d ms", timeout_ms);
    } else {
      all.changed.wait_until(lock, end);
    }
  }
  for (const std::shared_ptr<Report> &report : work) {
    if (report->dropped) continue;
    lock.unlock();
    try {
      report->callback(report->data);
    } catch (...) {
      /* It may come from any language; the stream and the other callbacks go on. */
      EMU_LOG(LogLevel::kError, "RUNTIME", "a callback on stream %d ended with an exception",
              report->stream);
    }
    lock.lock();
    report->done = true;
    all.changed.notify_all();
  }
}

}  // namespace ascend_emu
