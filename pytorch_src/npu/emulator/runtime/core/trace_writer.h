/* A Chrome trace in a file that can be read at any moment. */
#ifndef ASCENDTORCH_EMU_TRACE_WRITER_H_
#define ASCENDTORCH_EMU_TRACE_WRITER_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace ascend_emu {

struct TraceSpan {
  const char *kind;
  const std::string &name;
  int device;     /* -1 for the host */
  int64_t thread; /* stream, or thread of the host */
  int64_t start_ns;
  int64_t end_ns;
  const std::string &details; /* JSON object members, or "" */
};

/* Writes are buffered; each one to the file leaves complete JSON behind, so that a process that
   dies loses only its last events. */
class TraceWriter {
 public:
  /* Refusal(ACL_ERROR_INVALID_FILE) when the file cannot be written. */
  explicit TraceWriter(const std::string &file);
  ~TraceWriter();
  TraceWriter(const TraceWriter &) = delete;
  TraceWriter &operator=(const TraceWriter &) = delete;

  void write(const TraceSpan &span);
  void flush();

 private:
  void name_track(int device, int64_t thread);
  void flush_locked();

  const std::string file_;
  const pid_t owner_; /* a forked child must not write its copy of the buffer */
  std::mutex mutex_;
  int fd_ = -1;
  off_t end_ = 0; /* where the closing brackets stand */
  bool broken_ = false;
  bool first_ = true;
  std::string buffer_;
  std::set<std::pair<int, int64_t>> named_;
};

/* Every span goes to every writer that was added and whose `takes` says yes (empty: all). */
void add_trace_writer(std::shared_ptr<TraceWriter> writer,
                      std::function<bool(const TraceSpan &)> takes = nullptr);
void remove_trace_writer(const std::shared_ptr<TraceWriter> &writer);

/* A span of a thread of the host rather than of a stream. */
void trace_host_span(const char *kind, const std::string &name, int64_t start_ns, int64_t end_ns);

}  // namespace ascend_emu

#endif
