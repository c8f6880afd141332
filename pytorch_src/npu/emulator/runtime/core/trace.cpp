#include "trace.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <vector>

#include "json.h"
#include "log.h"
#include "refusal.h"
#include "trace_writer.h"

namespace ascend_emu {

namespace {

constexpr size_t kBufferLimit = 256 * 1024;
constexpr int kHostProcess = 1000; /* above every device's number */
const char kTail[] = "\n]}\n";

std::atomic<bool> enabled{false};

struct Sink {
  std::shared_ptr<TraceWriter> writer;
  std::function<bool(const TraceSpan &)> takes;
};

struct Writers {
  std::atomic<pid_t> owner{0}; /* the process that added the writers */
  std::mutex mutex;
  std::vector<Sink> all;
  std::shared_ptr<TraceWriter> own; /* of ASCEND_EMU_TRACE */
};

Writers &writers() {
  static Writers *const only = new Writers; /* workers may still run after static destructors */
  return *only;
}

std::string microseconds(int64_t nanoseconds) {
  return format("%lld.%03d", static_cast<long long>(nanoseconds / 1000),
                static_cast<int>(nanoseconds % 1000));
}

void write_span(const TraceSpan &span) {
  std::vector<Sink> all;
  {
    std::lock_guard<std::mutex> lock(writers().mutex);
    all = writers().all;
  }
  for (const Sink &sink : all) {
    if (!sink.takes || sink.takes(span)) sink.writer->write(span);
  }
}

}  // namespace

TraceWriter::TraceWriter(const std::string &file) : file_(file), owner_(getpid()) {
  fd_ = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd_ < 0) {
    refuse(ACL_ERROR_INVALID_FILE, "the trace %s cannot be written: %s", file.c_str(),
           std::strerror(errno));
  }
  buffer_ = "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [";
  flush();
}

TraceWriter::~TraceWriter() {
  flush();
  if (fd_ >= 0) close(fd_);
}

void TraceWriter::write(const TraceSpan &span) {
  const int process = span.device < 0 ? kHostProcess : span.device;
  const int64_t length = std::max<int64_t>(span.end_ns - span.start_ns, 0);
  std::string text = format(
      "\n{\"ph\": \"X\", \"pid\": %d, \"tid\": %lld, \"ts\": %s, \"dur\": %s, ", process,
      static_cast<long long>(span.thread), microseconds(span.start_ns).c_str(),
      microseconds(length).c_str());
  text += "\"cat\": " + json_quote(span.kind) + ", \"name\": " + json_quote(span.name);
  text += ", \"args\": {" + span.details + "}}";
  std::lock_guard<std::mutex> lock(mutex_);
  name_track(span.device, span.thread);
  buffer_ += first_ ? "" : ",";
  first_ = false;
  buffer_ += text;
  if (buffer_.size() >= kBufferLimit) flush_locked();
}

/* Chrome shows names of processes and threads that come as events of their own. */
void TraceWriter::name_track(int device, int64_t thread) {
  const int process = device < 0 ? kHostProcess : device;
  const auto name = [&](const char *what, int64_t track, const std::string &text) {
    buffer_ += first_ ? "" : ",";
    first_ = false;
    buffer_ += format("\n{\"ph\": \"M\", \"pid\": %d, \"tid\": %lld, \"name\": \"%s\", "
                      "\"args\": {\"name\": \"%s\"}}",
                      process, static_cast<long long>(track), what, text.c_str());
  };
  if (named_.insert({process, -1}).second) {
    name("process_name", 0, device < 0 ? "host" : "device " + std::to_string(device));
  }
  if (named_.insert({process, thread}).second) {
    name("thread_name", thread,
         (device < 0 ? "thread " : "stream ") + std::to_string(thread));
  }
}

void TraceWriter::flush() {
  std::lock_guard<std::mutex> lock(mutex_);
  flush_locked();
}

void TraceWriter::flush_locked() {
  if (buffer_.empty() || broken_ || owner_ != getpid()) {
    buffer_.clear();
    return;
  }
  const size_t body = buffer_.size();
  buffer_ += kTail;
  size_t written = 0;
  while (written < buffer_.size()) {
    const ssize_t count = pwrite(fd_, buffer_.data() + written, buffer_.size() - written,
                                 end_ + static_cast<off_t>(written));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      broken_ = true;
      EMU_LOG(LogLevel::kError, "PROFILING", "the trace %s cannot be written any more: %s",
              file_.c_str(), std::strerror(errno));
      break;
    }
    written += static_cast<size_t>(count);
  }
  end_ += static_cast<off_t>(body);
  buffer_.clear();
}

void add_trace_writer(std::shared_ptr<TraceWriter> writer,
                      std::function<bool(const TraceSpan &)> takes) {
  std::lock_guard<std::mutex> lock(writers().mutex);
  writers().all.push_back(Sink{std::move(writer), std::move(takes)});
  writers().owner = getpid();
  enabled = true;
}

void remove_trace_writer(const std::shared_ptr<TraceWriter> &writer) {
  std::lock_guard<std::mutex> lock(writers().mutex);
  auto &all = writers().all;
  const auto is_it = [&](const Sink &sink) { return sink.writer == writer; };
  all.erase(std::remove_if(all.begin(), all.end(), is_it), all.end());
  enabled = !all.empty();
}

bool trace_enabled() { return enabled.load(std::memory_order_relaxed); }

void start_trace(const std::string &file) {
  stop_trace();
  /* "%p" keeps the processes of one run apart. */
  std::string path = file;
  const size_t mark = path.find("%p");
  if (mark != std::string::npos) path.replace(mark, 2, std::to_string(getpid()));
  auto writer = std::make_shared<TraceWriter>(path);
  add_trace_writer(writer);
  std::lock_guard<std::mutex> lock(writers().mutex);
  writers().own = std::move(writer);
}

void stop_trace() {
  /* A forked child ends, too: the files are its parent's, and a lock may be held for ever. */
  if (writers().owner != getpid()) return;
  std::shared_ptr<TraceWriter> own;
  std::vector<Sink> others;
  {
    std::lock_guard<std::mutex> lock(writers().mutex);
    own.swap(writers().own);
    others = writers().all;
  }
  if (own) remove_trace_writer(own);
  for (const Sink &sink : others) sink.writer->flush();
}

void trace_span(const char *kind, const std::string &name, int device, int32_t stream,
                int64_t start_ns, int64_t end_ns, const std::string &details) {
  write_span(TraceSpan{kind, name, device, stream, start_ns, end_ns, details});
}

void trace_host_span(const char *kind, const std::string &name, int64_t start_ns,
                     int64_t end_ns) {
  static const std::string kNothing;
  write_span(TraceSpan{kind, name, -1, syscall(SYS_gettid), start_ns, end_ns, kNothing});
}

int64_t steady_nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace ascend_emu
